package org.espalier.tensor.linalg;

/**
 * Makes Householder reflections {@code H = I − τ v vᵀ} (Golub and Van Loan, 5.1.2 to 5.1.4).
 *
 * <p>{@code H x = β e₁} with {@code v₁ = 1}; {@code β} has the sign opposite to {@code x₁}, so that
 * {@code x₁ − β} does not cancel.
 */
final class Householder {
  /** Below this, entries may be subnormal and too short of digits for an orthogonal H. */
  private static final double SMALL = 0x1p-900;

  private static final int LIFT = 600;

  private Householder() {}

  /**
   * Overwrites {@code x[from]} by β and the rest of {@code x[from, to)} by the tail of v, and
   * returns τ; a vector whose tail is zero gives {@code τ = 0}, the identity.
   */
  static double reflect(double[] x, int from, int to) {
    double tail = Rows.norm(x, from + 1, to);
    if (tail == 0) {
      return 0;
    }
    double alpha = x[from];
    if (Math.max(Math.abs(alpha), tail) < SMALL) {
      Rows.scale(x, Math.scalb(1.0, LIFT), from, to);
      double tau = reflect(x, from, to);
      x[from] = Math.scalb(x[from], -LIFT);
      return tau;
    }
    double beta = -Math.copySign(Givens.hypotenuse(alpha, tail), alpha);
    double divisor = alpha - beta;
    for (int j = from + 1; j < to; j++) {
      x[j] /= divisor;
    }
    x[from] = beta;
    return -divisor / beta;
  }
}
