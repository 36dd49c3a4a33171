package org.espalier.tensor.linalg;

/**
 * Computes a plane rotation that zeroes the second of two numbers (Golub and Van Loan, 5.1.8):
 * {@code c f + s g = r} and {@code c g − s f = 0}.
 *
 * <p>One object is reused for all rotations of an iteration, to allocate nothing in its loop.
 */
final class Givens {
  private static final double SMALL = 0x1p-480;
  private static final double LARGE = 0x1p480;

  /** Cosine, sine and length of the last rotation. */
  double c;

  double s;
  double r;

  /** Sets {@code c, s, r} from {@code f} and {@code g}; {@code g = 0} gives the identity. */
  void zero(double f, double g) {
    if (g == 0) {
      c = 1;
      s = 0;
      r = f;
      return;
    }
    double largest = Math.max(Math.abs(f), Math.abs(g));
    if (largest > SMALL && largest < LARGE) {
      set(f, g);
      return;
    }
    double scale = Math.scalb(1.0, Math.max(Math.getExponent(largest), Double.MIN_EXPONENT));
    set(f / scale, g / scale);
    r *= scale;
  }

  private void set(double f, double g) {
    double length = Math.sqrt(f * f + g * g);
    c = f / length;
    s = g / length;
    r = length;
  }

  /** Returns {@code sqrt(f² + g²)} without harmful under- or overflow. */
  static double hypotenuse(double f, double g) {
    double large = Math.max(Math.abs(f), Math.abs(g));
    double small = Math.min(Math.abs(f), Math.abs(g));
    if (small == 0) {
      return large;
    }
    double ratio = small / large;
    return large * Math.sqrt(1 + ratio * ratio);
  }
}
