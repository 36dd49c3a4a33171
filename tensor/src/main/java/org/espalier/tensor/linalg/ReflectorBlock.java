package org.espalier.tensor.linalg;

/**
 * Holds a product of Householder reflections {@code H₁ H₂ … H_k = I − V T Vᵀ} in compact WY form,
 * so that it is applied by matrix products (Golub and Van Loan, 5.1.7; Schreiber and Van Loan
 * 1989).
 *
 * <p>{@code V} is given by its columns, arrays indexed by matrix row: column k is zero before row
 * {@code start + k} and one there; {@code T} is upper triangular.
 */
final class ReflectorBlock {
  /** Reflections taken together: more makes longer products, but slower panels. */
  static final int SIZE = 32;

  /** Fewest reflections worth a block. */
  private static final int SMALLEST_SIZE = 4;

  private final int start;
  private final int end;
  private final double[][] v;
  private final double[][] vByRow;
  private final double[][] t;
  private final double[][] tTransposed;

  /**
   * Joins reflections of rows {@code [start, end)}.
   *
   * @param v columns with their unit entries set; kept, not copied
   * @param tau one factor a column
   */
  ReflectorBlock(int start, int end, double[][] v, double[] tau) {
    this.start = start;
    this.end = end;
    this.v = v;
    this.vByRow = byRow(v, start, end);
    this.t = triangle(v, tau, start, end);
    this.tTransposed = Rows.transpose(t, v.length, v.length);
  }

  private static double[][] byRow(double[][] v, int start, int end) {
    double[][] rows = new double[end - start][v.length];
    for (int k = 0; k < v.length; k++) {
      for (int i = start; i < end; i++) {
        rows[i - start][k] = v[k][i];
      }
    }
    return rows;
  }

  /** T grows by a column a reflection: {@code −τ T (Vᵀ v)} above the diagonal entry τ. */
  private static double[][] triangle(double[][] v, double[] tau, int start, int end) {
    int count = v.length;
    double[][] t = new double[count][count];
    for (int k = 0; k < count; k++) {
      double[] inner = new double[k];
      for (int j = 0; j < k; j++) {
        inner[j] = Rows.dot(v[j], v[k], start + k, end);
      }
      for (int i = 0; i < k; i++) {
        t[i][k] = -tau[k] * Rows.dot(t[i], inner, i, k);
      }
      t[k][k] = tau[k];
    }
    return t;
  }

  /**
   * Returns how many of {@code n} reflections to take together where panels delay their updates.
   */
  static int size(int n) {
    return Math.max(SMALLEST_SIZE, Math.min(SIZE, n / 8));
  }

  /** Returns the first row that the reflections touch. */
  int start() {
    return start;
  }

  /** Computes {@code C ← (I − V T Vᵀ) C} on columns {@code [from, to)}; C is modified. */
  void apply(double[][] c, int from, int to) {
    apply(t, c, from, to);
  }

  /** Computes {@code C ← (I − V Tᵀ Vᵀ) C} on columns {@code [from, to)}; C is modified. */
  void applyTransposed(double[][] c, int from, int to) {
    apply(tTransposed, c, from, to);
  }

  private void apply(double[][] middle, double[][] c, int from, int to) {
    int count = v.length;
    Window target = new Window(c, start, end, from, to);
    Window projected = new Window(new double[count][to], 0, count, from, to);
    Window mixed = new Window(new double[count][to], 0, count, from, to);
    Rows.addProduct(1, new Window(v, 0, count, start, end), target, projected);
    Rows.addProduct(1, Window.of(middle, count, count), projected, mixed);
    Rows.addProduct(-1, Window.of(vByRow, end - start, count), mixed, target);
  }
}
