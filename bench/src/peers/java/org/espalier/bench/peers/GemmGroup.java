package org.espalier.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.espalier.tensor.DType;
import org.espalier.tensor.kernel.KernelLookup;

/** Products of matrices, square and awkward, plain and transposed. */
final class GemmGroup implements Group {
  private static final int[] SQUARES = {256, 512, 1024, 1152};
  private static final int[][] AWKWARD = {{65, 577, 131}, {10, 64, 128}};

  @Override
  public List<Contest> contests(int threads) {
    List<Contest> contests = new ArrayList<>();
    for (Product product : products()) {
      contests.add(contest(product, "libtorch", seed -> new Product.Libtorch(product, seed)));
    }
    for (int n : new int[] {256, 512, 1024}) {
      Product square = Product.square(n);
      contests.add(contest(square, "ejml", seed -> new Product.Ejml(square, seed, threads)));
      contests.add(contest(square, "nd4j", seed -> new Nd4jProduct(square, seed, threads)));
    }
    return contests;
  }

  private static List<Product> products() {
    List<Product> products = new ArrayList<>();
    for (int n : SQUARES) {
      products.add(Product.square(n));
    }
    products.add(new Product(512, 512, 512, false, true));
    products.add(new Product(512, 512, 512, true, false));
    for (int[] sizes : AWKWARD) {
      for (boolean transposeB : new boolean[] {false, true}) {
        products.add(new Product(sizes[0], sizes[1], sizes[2], false, transposeB));
      }
    }
    return products;
  }

  private static Contest contest(Product product, String peer, LongFunction<Side> other) {
    long seed = System.nanoTime();
    return new Contest(
        "gemm",
        product.name(),
        peer,
        () ->
            new Sides(
                new Product.Ours(product, KernelLookup.of(DType.F32), seed), other.apply(seed)));
  }
}
