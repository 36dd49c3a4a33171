package org.espalier.bench.peers;

import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;

/** Prints an element of a product, by Espalier. */
public final class StartEspalier {
  private StartEspalier() {}

  /** Multiplies and prints. */
  public static void main(String[] arguments) {
    int n = StartInput.SIZE;
    Tensor a = Tensor.of(Shape.of(n, n), StartInput.matrix());
    Tensor c = Tensor.zeros(n, n);
    KernelLookup.of(DType.F32).gemm(false, false, n, n, n, a, a, null, false, c);
    System.out.println(c.f32()[StartInput.PRINTED]);
  }
}
