package org.espalier.bench.peers;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The side of ND4J in a product; operands as they are. The result is stored by columns, which saves
 * ND4J a copy.
 */
final class Nd4jProduct implements Side {
  private final INDArray a;
  private final INDArray b;
  private final INDArray c;

  Nd4jProduct(Product product, long seed, int threads) {
    Nd4j.factory().blas().setMaxThreads(threads);
    a = Nd4j.create(product.left(seed), new int[] {product.m(), product.k()});
    b = Nd4j.create(product.right(seed), new int[] {product.k(), product.n()});
    c = Nd4j.create(new int[] {product.m(), product.n()}, 'f');
  }

  @Override
  public void run() {
    a.mmuli(b, c);
  }

  @Override
  public List<float[]> outputs() {
    return List.of(c.ravel().toFloatVector());
  }
}
