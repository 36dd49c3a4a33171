package org.espalier.tensor.linalg;

import java.util.Arrays;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Holds the thin singular value decomposition {@code A = U diag(σ) Vᵀ} of a matrix {@code [m, n]}:
 * {@code U [m, k]}, {@code σ [k]} descending and not negative, {@code V [n, k]}, {@code k = min(m,
 * n)}; U and V have orthonormal columns, also where singular values are zero or equal.
 *
 * <p>Signs: in every column of U the entry of largest magnitude is positive (the first one where
 * magnitudes agree to 1e-10); the column of V follows. Vectors of equal singular values are an
 * arbitrary, but deterministic, basis of their subspace.
 *
 * <p>Method (Golub and Van Loan, 5.4.8, 5.4.9 and 8.6): the longer side is removed by a QR
 * factorisation, the square rest is reduced to bidiagonal form and diagonalised by implicit QR
 * sweeps. Errors are of the order of {@code ε σ₁}.
 */
public final class Svd {
  private static final double EPSILON = Math.ulp(1.0);

  private final Tensor u;
  private final double[] sigma;
  private final Tensor v;

  private Svd(Tensor u, double[] sigma, Tensor v) {
    this.u = u;
    this.sigma = sigma;
    this.v = v;
  }

  /**
   * Decomposes a matrix.
   *
   * @param matrix {@code [m, n]}, F32 or F64, not modified
   * @throws org.espalier.tensor.ShapeException if it is not a matrix, or is empty
   * @throws org.espalier.tensor.DTypeException if it is not floating
   * @throws IllegalArgumentException if an entry is NaN or infinite
   * @throws org.espalier.tensor.StateException if the sweeps do not converge
   * @throws ArithmeticException if a singular value exceeds the range of a double
   */
  public static Svd of(Tensor matrix) {
    double[][] a = Matrices.read("svd", matrix);
    int m = a.length;
    int n = a[0].length;
    int exponent = Matrices.normalize(a);
    boolean wide = n > m;
    if (wide) {
      a = Rows.transpose(a, m, n);
    }
    int k = Math.min(m, n);
    HouseholderQr tall = a.length > k ? new HouseholderQr(a) : null;
    Bidiagonal reduced = new Bidiagonal(tall == null ? a : tall.r());
    double[][] left = Rows.transpose(reduced.left().columns(k), k, k);
    double[][] right = Rows.transpose(reduced.right().columns(k), k, k);
    double[] values = reduced.diagonal();
    BidiagonalQr.diagonalize(
        values,
        reduced.superdiagonal(),
        new GivensSweeps(left, k),
        new GivensSweeps(right, k),
        matrix.shape().toString());
    int[] order = Matrices.descending(values);
    double[][] longer = Matrices.columns(left, order, a.length);
    if (tall != null) {
      tall.q().apply(longer, k);
    }
    double[][] shorter = Matrices.columns(right, order, k);
    double[][] u = wide ? shorter : longer;
    double[][] v = wide ? longer : shorter;
    fixSigns(u, v, k);
    return new Svd(
        Matrices.tensor(u, k),
        Matrices.ordered("svd", values, order, exponent),
        Matrices.tensor(v, k));
  }

  /**
   * Returns the singular values only, {@code [min(m, n)]}, descending: cheaper than {@link
   * #of(Tensor)} and the same values, up to rounding.
   *
   * @param matrix as for {@link #of(Tensor)}, which see for the errors
   */
  public static Tensor singularValuesOf(Tensor matrix) {
    double[][] a = Matrices.read("svd", matrix);
    int exponent = Matrices.normalize(a);
    int k = Math.min(a.length, a[0].length);
    if (a[0].length > k) {
      a = Rows.transpose(a, k, a[0].length);
    }
    Bidiagonal reduced = new Bidiagonal(a.length > k ? new HouseholderQr(a).r() : a);
    double[] values = reduced.diagonal();
    BidiagonalQr.diagonalize(
        values, reduced.superdiagonal(), null, null, matrix.shape().toString());
    return Tensor.of(
        Shape.of(k), Matrices.ordered("svd", values, Matrices.descending(values), exponent));
  }

  private static void fixSigns(double[][] u, double[][] v, int k) {
    boolean[] backwards = Matrices.columnsPointingBackwards(u, k);
    Matrices.negateColumns(u, backwards);
    Matrices.negateColumns(v, backwards);
  }

  /** Returns the left singular vectors as columns, {@code [m, k]}; read-only. */
  public Tensor u() {
    return u;
  }

  /** Returns the singular values, {@code [k]}, descending. */
  public Tensor singularValues() {
    return Tensor.of(Shape.of(sigma.length), sigma.clone());
  }

  /** Returns the right singular vectors as columns, {@code [n, k]}; read-only. */
  public Tensor v() {
    return v;
  }

  /**
   * Returns the numerical rank with the customary tolerance {@code max(m, n) ε σ₁} (Golub and Van
   * Loan, 5.4.2), ε that of float64: for a matrix that was computed in float32 pass a tolerance.
   */
  public int rank() {
    return rank(defaultTolerance());
  }

  /**
   * Returns the number of singular values strictly greater than {@code tolerance}.
   *
   * @param tolerance absolute, not relative to σ₁; not negative
   */
  public int rank(double tolerance) {
    if (!(tolerance >= 0)) {
      throw new IllegalArgumentException(
          "svd: the tolerance of rank must not be negative, got " + tolerance);
    }
    int rank = 0;
    while (rank < sigma.length && sigma[rank] > tolerance) {
      rank++;
    }
    return rank;
  }

  private double defaultTolerance() {
    return Math.max(u.shape().size(0), v.shape().size(0)) * EPSILON * sigma[0];
  }

  /** Returns the energy {@code Σ_i σ_i² = ‖A‖_F²}; infinite where the squares exceed a double. */
  public double energy() {
    double sum = 0;
    for (int i = sigma.length - 1; i >= 0; i--) {
      sum += sigma[i] * sigma[i];
    }
    return sum;
  }

  /**
   * Returns the share of the energy in the first r terms, {@code Σ_{i<r} σ_i² / Σ_i σ_i²}; 1 for a
   * zero matrix.
   */
  public double energyShare(int r) {
    checkTerms(r, 0);
    if (sigma[0] == 0) {
      return 1;
    }
    double kept = 0;
    double lost = 0;
    for (int i = sigma.length - 1; i >= 0; i--) {
      double ratio = sigma[i] / sigma[0];
      if (i < r) {
        kept += ratio * ratio;
      } else {
        lost += ratio * ratio;
      }
    }
    return kept / (kept + lost);
  }

  /**
   * Returns the smallest r whose first r terms hold at least {@code share} of the energy; at least
   * 1.
   *
   * @param share in [0, 1]
   */
  public int rankForEnergy(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "svd: a share of the energy must lie in [0, 1], got " + share);
    }
    int r = 1;
    while (r < sigma.length && energyShare(r) < share) {
      r++;
    }
    return r;
  }

  /**
   * Returns the first r terms, {@code A_r = Σ_{i<r} σ_i u_i v_iᵀ}: the best approximation of rank r
   * in the spectral and the Frobenius norm (Eckart and Young; Golub and Van Loan, 2.4.8).
   *
   * @param r from 1 to k
   */
  public Svd truncate(int r) {
    checkTerms(r, 1);
    double[] kept = Arrays.copyOf(sigma, r);
    return new Svd(
        Matrices.tensor(Matrices.rows(u), r), kept, Matrices.tensor(Matrices.rows(v), r));
  }

  private void checkTerms(int r, int least) {
    if (r < least || r > sigma.length) {
      throw new IllegalArgumentException(
          "svd: the number of terms must lie between "
              + least
              + " and "
              + sigma.length
              + ", got "
              + r);
    }
  }

  /** Returns {@code U diag(σ) Vᵀ}, {@code [m, n]}. */
  public Tensor reconstruct() {
    return Matrices.product(u, sigma, v);
  }

  /**
   * Returns the Moore-Penrose inverse {@code V diag(1/σ) Uᵀ}, {@code [n, m]}, over the {@link
   * #rank()} first terms (Golub and Van Loan, 5.5.2).
   */
  public Tensor pseudoInverse() {
    return pseudoInverse(defaultTolerance());
  }

  /**
   * Returns {@code V diag(1/σ) Uᵀ}, {@code [n, m]}, over the singular values greater than {@code
   * tolerance}.
   *
   * @param tolerance absolute, not negative
   */
  public Tensor pseudoInverse(double tolerance) {
    double[] inverse = new double[rank(tolerance)];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1 / sigma[i];
    }
    Matrices.checkRange("svd", inverse);
    return Matrices.product(v, inverse, u);
  }
}
