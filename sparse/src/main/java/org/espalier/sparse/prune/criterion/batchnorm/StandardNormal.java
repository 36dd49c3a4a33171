package org.espalier.sparse.prune.criterion.batchnorm;

/** Is the standard normal distribution, accurate in its tails too. */
public final class StandardNormal {
  private static final double ROOT_TWO = Math.sqrt(2);
  private static final double ROOT_PI = Math.sqrt(Math.PI);
  private static final double ROOT_TWO_PI = Math.sqrt(2 * Math.PI);
  private static final double SERIES_END = 2;
  private static final int FRACTION_TERMS = 160;

  private StandardNormal() {}

  /** Returns the density {@code φ(x) = e^(-x²/2)/√(2π)}. */
  public static double density(double x) {
    return Math.exp(-0.5 * x * x) / ROOT_TWO_PI;
  }

  /** Returns the distribution function {@code Φ(x) = erfc(-x/√2)/2}. */
  public static double distribution(double x) {
    return 0.5 * erfc(-x / ROOT_TWO);
  }

  /** Returns {@code Φ(x)/φ(x)}, which neither under- nor overflows for x below 30. */
  static double mills(double x) {
    return ROOT_TWO_PI * 0.5 * erfcx(-x / ROOT_TWO);
  }

  /** Returns the complementary error function; relative error below 1e-12. */
  static double erfc(double x) {
    if (x < 0) {
      return 2 - erfc(-x);
    }
    return x < SERIES_END ? 1 - series(x) : Math.exp(-x * x) * fraction(x);
  }

  /** Returns {@code e^(x²)·erfc(x)}; relative error below 1e-12. */
  static double erfcx(double x) {
    return x < SERIES_END ? Math.exp(x * x) * erfc(x) : fraction(x);
  }

  /** Sums erf: all terms are positive, so nothing cancels. */
  private static double series(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; term > 1e-18 * sum; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / ROOT_PI * Math.exp(-x * x) * sum;
  }

  /** Evaluates the continued fraction of erfcx from its end. */
  private static double fraction(double x) {
    double tail = 0;
    for (int n = FRACTION_TERMS; n >= 1; n--) {
      tail = 0.5 * n / (x + tail);
    }
    return 1 / (ROOT_PI * (x + tail));
  }
}
