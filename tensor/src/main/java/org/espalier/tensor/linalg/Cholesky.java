package org.espalier.tensor.linalg;

import java.util.Arrays;
import org.espalier.tensor.Tensor;

/**
 * Holds the Cholesky factor of a symmetric positive definite matrix, {@code A = L Lᵀ} with L lower
 * triangular and a positive diagonal (Golub and Van Loan, 4.2.5 to 4.2.7).
 *
 * <p>Computed as {@code Rᵀ R}, {@code R = Lᵀ}, in bands of rows: a band is finished, then its outer
 * product is subtracted from the rows below by matrix products.
 */
public final class Cholesky {
  private static final int BAND = 32;

  /** Rows updated together; they also compute the few columns left of their diagonal. */
  private static final int TILE = 64;

  private final double[][] lower;
  private final double[][] upper;

  private Cholesky(double[][] lower, double[][] upper) {
    this.lower = lower;
    this.upper = upper;
  }

  /**
   * Factors a matrix.
   *
   * @param matrix {@code [n, n]}, F32 or F64, not modified; mirrored entries may differ by rounding
   *     ({@code 4 n ε max|a|}, ε of the element type), their mean is used
   * @throws NotPositiveDefiniteException if a pivot is not positive
   * @throws org.espalier.tensor.ShapeException if it is not square, or is empty
   * @throws org.espalier.tensor.DTypeException if it is not floating
   * @throws IllegalArgumentException if it is not symmetric, or an entry is NaN or infinite
   */
  public static Cholesky of(Tensor matrix) {
    double[][] a = Matrices.readSymmetric("cholesky", matrix);
    int n = a.length;
    // L takes the square root of the scale, so the power of two must be even.
    int exponent = Matrices.normalize(a);
    if (exponent % 2 != 0) {
      Matrices.scale(a, 1);
      exponent--;
    }
    for (int first = 0; first < n; first += BAND) {
      int last = Math.min(first + BAND, n);
      finishBand(a, first, last, exponent);
      updateBelow(a, first, last);
    }
    for (int i = 0; i < n; i++) {
      Arrays.fill(a[i], 0, i, 0.0);
    }
    Matrices.scale(a, exponent / 2);
    return new Cholesky(Rows.transpose(a, n, n), a);
  }

  private static void finishBand(double[][] a, int first, int last, int exponent) {
    int n = a.length;
    double[] above = new double[last - first];
    for (int i = first; i < last; i++) {
      for (int k = first; k < i; k++) {
        above[k - first] = a[k][i];
      }
      Rows.addCombination(a[i], -1, above, 0, a, first, i - first, i, n);
      double pivot = a[i][i];
      if (!(pivot > 0)) {
        throw new NotPositiveDefiniteException(
            "cholesky: ["
                + n
                + ", "
                + n
                + "] is not positive definite: pivot "
                + i
                + " is "
                + Math.scalb(pivot, exponent)
                + "; add to the diagonal, or use Eigen",
            i);
      }
      double root = Math.sqrt(pivot);
      for (int j = i; j < n; j++) {
        a[i][j] /= root;
      }
    }
  }

  private static void updateBelow(double[][] a, int first, int last) {
    int n = a.length;
    double[][] band = Arrays.copyOfRange(a, first, last);
    for (int top = last; top < n; top += TILE) {
      Rows.subtractOuterProducts(band, band, new Window(a, top, Math.min(top + TILE, n), top, n));
    }
  }

  /** Returns L, {@code [n, n]}, zero above the diagonal. */
  public Tensor lower() {
    return Matrices.tensor(lower, lower.length);
  }

  /**
   * Returns the solution X of {@code A X = B} by {@code L Y = B}, {@code Lᵀ X = Y}.
   *
   * @param b {@code [n]} or {@code [n, k]}, F32 or F64, not modified; X has its shape
   */
  public Tensor solve(Tensor b) {
    double[][] x = Matrices.readRightHandSide("cholesky", b, lower.length);
    solveInPlace(x);
    return Matrices.solution(x, b);
  }

  /** Returns {@code A⁻¹}, {@code [n, n]}, exactly symmetric. */
  public Tensor inverse() {
    int n = lower.length;
    double[][] x = Rows.identity(n, n);
    solveInPlace(x);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        double mean = x[i][j] / 2 + x[j][i] / 2;
        x[i][j] = mean;
        x[j][i] = mean;
      }
    }
    return Matrices.tensor(x, n);
  }

  private void solveInPlace(double[][] x) {
    Triangular.solveLower(lower, lower.length, x);
    Triangular.solveUpper(upper, lower.length, x);
  }
}
