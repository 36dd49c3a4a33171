package org.espalier.tensor.internal;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Compares matrix products. */
class GemmKernelsTest extends KernelTwin {
  @Test
  void matrixProductsAgree() {
    int[][] sizes = {
      {1, 1, 1},
      {1, 10, 64},
      {64, 10, 64},
      {7, 13, 3},
      {33, 31, 207},
      {100, 43, 19},
      {2, 207, 100},
      {207, 2, 17},
      {300, 70, 150},
      {3, 600, 5},
      {5, 4, 0},
      {150, 260, 130}
    };
    for (int[] size : sizes) {
      int m = size[0];
      int n = size[1];
      int k = size[2];
      Tensor a = draw(m * k);
      Tensor b = draw(k * n);
      Tensor row = draw(n);
      Tensor start = draw(m, n);
      for (int variant = 0; variant < 16; variant++) {
        boolean transposeA = (variant & 1) != 0;
        boolean transposeB = (variant & 2) != 0;
        Tensor added = (variant & 4) != 0 ? row : null;
        boolean accumulate = (variant & 8) != 0;
        twin(
            k + 2,
            Shape.of(m, n),
            (kernels, c) -> {
              if (accumulate) {
                c.copyFrom(start);
              }
              kernels.gemm(transposeA, transposeB, m, n, k, a, b, added, accumulate, c);
            },
            a,
            b,
            row);
      }
    }
  }
}
