package org.espalier.tensor.linalg;

import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Holds a thin Householder QR factorisation {@code A P = Q R} of a matrix {@code [m, n]}: {@code Q
 * [m, k]} with orthonormal columns, {@code R [k, n]} upper triangular, {@code k = min(m, n)}; P is
 * the identity for {@link #of(Tensor)}, a permutation of columns for {@link #pivoted(Tensor)}.
 *
 * <p>Signs: the diagonal of R is not negative, which makes the factors of a matrix of full column
 * rank unique (Golub and Van Loan, 5.2.3 and, pivoted, 5.4.2).
 */
public final class Qr {
  private static final double EPSILON = Math.ulp(1.0);

  private final double[][] q;
  private final double[][] r;
  private final int[] order;
  private final boolean pivoted;

  private Qr(double[][] q, double[][] r, int[] order, boolean pivoted) {
    this.q = q;
    this.r = r;
    this.order = order;
    this.pivoted = pivoted;
  }

  /**
   * Factors a matrix with its columns in their order.
   *
   * @param matrix {@code [m, n]}, F32 or F64, not modified
   * @throws org.espalier.tensor.ShapeException if it is not a matrix, or is empty
   * @throws org.espalier.tensor.DTypeException if it is not floating
   * @throws IllegalArgumentException if an entry is NaN or infinite
   * @throws ArithmeticException if an entry of R exceeds the range of a double
   */
  public static Qr of(Tensor matrix) {
    double[][] a = Matrices.read("qr", matrix);
    int exponent = Matrices.normalize(a);
    int n = a[0].length;
    int k = Math.min(a.length, n);
    HouseholderQr factors = new HouseholderQr(a);
    return finish(factors.q().columns(k), factors.r(), identityOrder(n), false, exponent);
  }

  /**
   * Factors a matrix with column pivoting: {@code |r_ii|} descends, so that the diagonal of R
   * reveals the rank (in all but contrived cases; {@link Svd} always does). Slower than {@link
   * #of(Tensor)}.
   *
   * @param matrix as for {@link #of(Tensor)}, which see for the errors
   */
  public static Qr pivoted(Tensor matrix) {
    double[][] a = Matrices.read("qr", matrix);
    int exponent = Matrices.normalize(a);
    int k = Math.min(a.length, a[0].length);
    PivotedQr factors = new PivotedQr(a);
    return finish(factors.q().columns(k), factors.r(), factors.order(), true, exponent);
  }

  private static int[] identityOrder(int n) {
    int[] order = new int[n];
    for (int j = 0; j < n; j++) {
      order[j] = j;
    }
    return order;
  }

  private static Qr finish(double[][] q, double[][] r, int[] order, boolean pivoted, int exponent) {
    boolean[] negative = new boolean[r.length];
    for (int i = 0; i < r.length; i++) {
      if (r[i][i] < 0) {
        negative[i] = true;
        Rows.scale(r[i], -1, i, r[i].length);
      }
    }
    Matrices.negateColumns(q, negative);
    Matrices.scale(r, exponent);
    Matrices.checkRange("qr", r);
    return new Qr(q, r, order, pivoted);
  }

  /** Returns Q, {@code [m, k]}. */
  public Tensor q() {
    return Matrices.tensor(q, r.length);
  }

  /** Returns R, {@code [k, n]}, zero below the diagonal. */
  public Tensor r() {
    return Matrices.tensor(r, order.length);
  }

  /**
   * Returns P as I32 {@code [n]}: column j of {@code A P} is column {@code permutation[j]} of A.
   */
  public Tensor permutation() {
    return Tensor.indices(order.clone());
  }

  /** Returns the numerical rank with tolerance {@code max(m, n) ε |r_00|}; needs pivoting. */
  public int rank() {
    return rank(defaultTolerance());
  }

  /**
   * Returns the number of {@code r_ii} strictly greater than {@code tolerance}.
   *
   * @param tolerance absolute, not negative
   * @throws StateException if the columns were not pivoted: the diagonal then says nothing of rank
   */
  public int rank(double tolerance) {
    if (!pivoted) {
      throw new StateException("qr: rank needs column pivoting; use Qr.pivoted");
    }
    if (!(tolerance >= 0)) {
      throw new IllegalArgumentException(
          "qr: the tolerance of rank must not be negative, got " + tolerance);
    }
    int rank = 0;
    while (rank < r.length && r[rank][rank] > tolerance) {
      rank++;
    }
    return rank;
  }

  private double defaultTolerance() {
    double largest = 0;
    for (int i = 0; i < r.length; i++) {
      largest = Math.max(largest, r[i][i]);
    }
    return Math.max(q.length, order.length) * EPSILON * largest;
  }

  /**
   * Returns the X that minimises {@code ‖A X − B‖_F}: {@code R X = Qᵀ B} (Golub and Van Loan,
   * 5.3.2). With pivoting a rank-deficient or wide A is welcome: X is the basic solution, with at
   * most {@link #rank()} rows that are not zero (5.5.6); for the one of least norm take {@link
   * Svd#pseudoInverse()}.
   *
   * @param b {@code [m]} or {@code [m, c]}, F32 or F64, not modified; X is {@code [n]} or {@code
   *     [n, c]}
   * @throws IllegalArgumentException without pivoting, if A is wide or {@code r_ii} is negligible
   */
  public Tensor solve(Tensor b) {
    double[][] right = Matrices.readRightHandSide("qr", b, q.length);
    int width = right[0].length;
    int used = pivoted ? rank() : checkedFullRank();
    double[][] x = new double[used][width];
    Rows.addProduct(
        1,
        Window.of(Rows.transpose(q, q.length, used), used, q.length),
        Window.of(right, q.length, width),
        Window.of(x, used, width));
    Triangular.solveUpper(r, used, x);
    double[][] solution = new double[order.length][width];
    for (int i = 0; i < used; i++) {
      solution[order[i]] = x[i];
    }
    return Matrices.solution(solution, b);
  }

  private int checkedFullRank() {
    double tolerance = defaultTolerance();
    for (int i = 0; i < order.length; i++) {
      if (i >= r.length || r[i][i] <= tolerance) {
        throw new IllegalArgumentException(
            "qr: "
                + Shape.of(q.length, order.length)
                + " has no full column rank: column "
                + i
                + " depends on those before it; use Qr.pivoted or Svd.pseudoInverse");
      }
    }
    return order.length;
  }
}
