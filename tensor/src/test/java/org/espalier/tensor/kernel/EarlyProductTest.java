package org.espalier.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Checks what allows the first products of a process to run on plain loops. */
class EarlyProductTest {
  private static final int[][] SIZES = {
    {1, 1, 67}, {5, 3, 2}, {10, 64, 128}, {65, 577, 131}, {7, 300, 1}, {300, 7, 40}, {33, 48, 700}
  };

  private final Random random = Random.of(7);
  private long drawn;

  private Tensor draw(int rows, int columns) {
    Tensor tensor = Tensor.zeros(rows, columns);
    for (int i = 0; i < tensor.count(); i++) {
      // Zeros of both signs among the numbers: starts must keep theirs.
      double number = 2 * random.uniform(drawn++) - 1;
      tensor.set(i, i % 5 == 0 ? Math.copySign(0, number) : number);
    }
    return tensor;
  }

  @Test
  void fusedProductsHaveTheBitsOfTheVectorSet() {
    boolean found = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    assumeTrue(found, "skipped: run with --add-modules jdk.incubator.vector");
    bitsAreThoseOf(KernelLookup.named("vector"), new EarlyProduct(true));
  }

  @Test
  void plainProductsHaveTheBitsOfTheScalarSet() {
    bitsAreThoseOf(KernelLookup.named("scalar"), new EarlyProduct(false));
  }

  private void bitsAreThoseOf(Kernels kernels, EarlyProduct product) {
    for (int[] size : SIZES) {
      for (int flags = 0; flags < 16; flags++) {
        boolean transposeA = (flags & 1) != 0;
        boolean transposeB = (flags & 2) != 0;
        boolean accumulate = (flags & 4) != 0;
        int m = size[0];
        int n = size[1];
        int k = size[2];
        Tensor a = transposeA ? draw(k, m) : draw(m, k);
        Tensor b = transposeB ? draw(n, k) : draw(k, n);
        Tensor row = (flags & 8) != 0 ? draw(1, n) : null;
        Tensor expected =
            accumulate ? draw(m, n) : Tensor.full(DType.F32, Shape.of(m, n), Double.NaN);
        Tensor actual = expected.copy();
        kernels.gemm(transposeA, transposeB, m, n, k, a, b, row, accumulate, expected);
        float[] terms = row == null ? null : row.f32();
        product.run(
            transposeA, transposeB, m, n, k, a.f32(), b.f32(), terms, accumulate, actual.f32());
        String name = "%dx%dx%d, flags %d".formatted(m, n, k, flags);
        assertTrue(expected.bitEquals(actual), name);
      }
    }
  }
}
