package org.espalier.optim;

import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Cholesky;

/**
 * Says what becomes of an inverse autocorrelation matrix P when inputs are cut: K the indices that
 * stay, R those that go (recursive least squares, section 2.6).
 */
public enum CovarianceReduction {
  /** Deletes rows and columns: {@code P_KK}. */
  SUBMATRIX {
    @Override
    Tensor reduce(Tensor p, int[] kept, int[] gone) {
      return part(p, kept, kept);
    }
  },
  /**
   * Takes {@code P_KK - P_KR P_RR⁻¹ P_RK}, which is the exact inverse of what is left of the
   * autocorrelation.
   */
  SCHUR {
    @Override
    Tensor reduce(Tensor p, int[] kept, int[] gone) {
      Tensor inner = part(p, kept, kept);
      if (gone.length == 0) {
        return inner;
      }
      Tensor across = part(p, gone, kept);
      Tensor solved = Cholesky.of(part(p, gone, gone)).solve(across);
      for (int i = 0; i < kept.length; i++) {
        for (int j = 0; j <= i; j++) {
          double sum = 0;
          for (int r = 0; r < gone.length; r++) {
            sum += across.get(r * kept.length + i) * solved.get(r * kept.length + j);
          }
          inner.set(i * kept.length + j, inner.get(i * kept.length + j) - sum);
          inner.set(j * kept.length + i, inner.get(i * kept.length + j));
        }
      }
      return inner;
    }
  };

  /**
   * Returns what stays of one matrix, in double.
   *
   * @param p {@code [n, n]}, symmetric positive definite, not modified
   * @param kept the indices that stay, ascending
   * @param gone the others, ascending
   */
  abstract Tensor reduce(Tensor p, int[] kept, int[] gone);

  /** Returns some rows and columns of a matrix, in double. */
  static Tensor part(Tensor p, int[] rows, int[] columns) {
    int size = p.shape().size(1);
    Tensor part = Tensor.zeros(DType.F64, Shape.of(rows.length, columns.length));
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < columns.length; j++) {
        part.set(i * columns.length + j, p.get(rows[i] * size + columns[j]));
      }
    }
    return part;
  }
}
