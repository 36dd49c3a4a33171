package org.espalier.tensor.kernel;

/**
 * Lists the elementwise functions of one number: value, derivative from x and y, and the part of
 * the line where a gradient check is safe (away from kinks). {@code a} and {@code b} are the
 * function's two numbers, unused by most.
 *
 * <p>Adding a line here makes the function correct on every kernel set; a fast loop may follow
 * without touching anything else. Formulas and derivatives at the kinks: layers reference, section
 * 6.
 */
public enum Unary {
  /** {@code -x}. */
  NEG((x, a, b) -> -x, (x, y, a, b) -> -1, Domain.ANY),
  /** {@code |x|}; derivative 0 at 0. */
  ABS((x, a, b) -> Math.abs(x), (x, y, a, b) -> Math.signum(x), Domain.AWAY_FROM_ZERO),
  /** {@code x²}. */
  SQUARE((x, a, b) -> x * x, (x, y, a, b) -> 2 * x, Domain.ANY),
  /** {@code √x}. */
  SQRT((x, a, b) -> Math.sqrt(x), (x, y, a, b) -> 0.5 / y, Domain.POSITIVE),
  /** {@code e^x}. */
  EXP((x, a, b) -> Math.exp(x), (x, y, a, b) -> y, Domain.ANY),
  /** {@code ln x}. */
  LOG((x, a, b) -> Math.log(x), (x, y, a, b) -> 1 / x, Domain.POSITIVE),
  /** {@code a·x + b}. */
  AFFINE((x, a, b) -> a * x + b, (x, y, a, b) -> a, Domain.ANY),
  /** {@code x^a}. */
  POW((x, a, b) -> Math.pow(x, a), (x, y, a, b) -> a * Math.pow(x, a - 1), Domain.POSITIVE),
  /** {@code max(x, 0)}; derivative 0 at 0. */
  RELU((x, a, b) -> Math.max(x, 0), (x, y, a, b) -> y > 0 ? 1 : 0, Domain.AWAY_FROM_ZERO),
  /** {@code x > 0: x, else a·x}; derivative a at 0. */
  LEAKY_RELU((x, a, b) -> x > 0 ? x : a * x, (x, y, a, b) -> x > 0 ? 1 : a, Domain.AWAY_FROM_ZERO),
  /** {@code x > 0: x, else a·(e^x - 1)}; derivative a at 0. */
  ELU(
      (x, a, b) -> x > 0 ? x : a * Math.expm1(x),
      (x, y, a, b) -> x > 0 ? 1 : a * Math.exp(x),
      Domain.AWAY_FROM_ZERO),
  /** Scaled ELU of Klambauer et al. 2017: {@code λ·(x > 0: x, else α·(e^x - 1))}. */
  SELU(
      (x, a, b) -> Selu.SCALE * (x > 0 ? x : Selu.ALPHA * Math.expm1(x)),
      (x, y, a, b) -> Selu.SCALE * (x > 0 ? 1 : Selu.ALPHA * Math.exp(x)),
      Domain.AWAY_FROM_ZERO),
  /** {@code x·Φ(x)} with the exact normal distribution function. */
  GELU(
      (x, a, b) -> x * Erf.normal(x),
      (x, y, a, b) -> Erf.normal(x) + x * Erf.density(x),
      Domain.ANY),
  /** The tanh form of GELU: {@code 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))}. */
  GELU_TANH(
      (x, a, b) -> 0.5 * x * (1 + Math.tanh(Erf.inner(x))),
      (x, y, a, b) -> Erf.geluTanhSlope(x),
      Domain.ANY),
  /** {@code a·x > b: x, else ln(1 + e^{a·x})/a}, with a = beta and b = threshold. */
  SOFTPLUS(
      (x, a, b) -> a * x > b ? x : log1pExp(a * x) / a,
      (x, y, a, b) -> a * x > b ? 1 : sigmoid(a * x),
      Domain.ANY),
  /** {@code min(max(x + 3, 0), 6) / 6}; derivative 0 at ±3. */
  HARD_SIGMOID(
      (x, a, b) -> Math.min(Math.max(x + 3, 0), 6) / 6,
      (x, y, a, b) -> x > -3 && x < 3 ? 1.0 / 6 : 0,
      Domain.INSIDE_ONE),
  /**
   * {@code x·hard_sigmoid(x)}; derivative 0 up to -3 and 1 from 3 on (PyTorch versions differ at
   * exactly ±3).
   */
  HARD_SWISH(
      (x, a, b) -> x * Math.min(Math.max(x + 3, 0), 6) / 6,
      (x, y, a, b) -> x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6,
      Domain.INSIDE_ONE),
  /**
   * {@code min(max(x, a), b)}; derivative 0 at both bounds (relu6: 0 and 6, hard_tanh: -1 and 1).
   */
  HARD_TANH(
      (x, a, b) -> Math.min(Math.max(x, a), b),
      (x, y, a, b) -> x > a && x < b ? 1 : 0,
      Domain.INSIDE_ONE),
  /** {@code min(max(x, a), b)}; derivative 1 at both bounds. */
  CLAMP(
      (x, a, b) -> Math.min(Math.max(x, a), b),
      (x, y, a, b) -> x >= a && x <= b ? 1 : 0,
      Domain.INSIDE_ONE),
  /** {@code 1 / (1 + e^-x)}, without overflow. */
  SIGMOID((x, a, b) -> sigmoid(x), (x, y, a, b) -> y * (1 - y), Domain.ANY),
  /** {@code tanh x}. */
  TANH((x, a, b) -> Math.tanh(x), (x, y, a, b) -> 1 - y * y, Domain.ANY),
  /** {@code x·sigmoid(x)}. */
  SILU(
      (x, a, b) -> x * sigmoid(x),
      (x, y, a, b) -> sigmoid(x) * (1 + x * (1 - sigmoid(x))),
      Domain.ANY),
  /** {@code x / (1 + |x|)}. */
  SOFTSIGN(
      (x, a, b) -> x / (1 + Math.abs(x)),
      (x, y, a, b) -> 1 / ((1 + Math.abs(x)) * (1 + Math.abs(x))),
      Domain.ANY),
  /** {@code ln sigmoid(x)}, without overflow. */
  LOG_SIGMOID((x, a, b) -> -log1pExp(-x), (x, y, a, b) -> sigmoid(-x), Domain.ANY),
  /** {@code |x| < a: x²/(2a), else |x| - a/2}: the smooth L1 loss of a difference. */
  SMOOTH_L1(
      (x, a, b) -> Math.abs(x) < a ? 0.5 * x * x / a : Math.abs(x) - 0.5 * a,
      (x, y, a, b) -> Math.abs(x) < a ? x / a : Math.signum(x),
      Domain.ANY);

  /** Says where on the line a gradient check is safe. */
  public enum Domain {
    /** Everywhere. */
    ANY,
    /** Above zero. */
    POSITIVE,
    /** Not near zero. */
    AWAY_FROM_ZERO,
    /** Between -1 and 1, away from the bounds. */
    INSIDE_ONE
  }

  @FunctionalInterface
  private interface Value {
    double at(double x, double a, double b);
  }

  @FunctionalInterface
  private interface Derivative {
    double at(double x, double y, double a, double b);
  }

  private final Value value;
  private final Derivative derivative;
  private final Domain domain;

  Unary(Value value, Derivative derivative, Domain domain) {
    this.value = value;
    this.derivative = derivative;
    this.domain = domain;
  }

  /** Returns the value at x, the definition every kernel set agrees with. */
  public double value(double x, double a, double b) {
    return value.at(x, a, b);
  }

  /** Returns the derivative at x, where the value is y. */
  public double derivative(double x, double y, double a, double b) {
    return derivative.at(x, y, a, b);
  }

  /** Returns the safe domain of a gradient check. */
  public Domain domain() {
    return domain;
  }

  /**
   * Tells whether the derivative is found from the output alone, so that the input need not be
   * kept.
   */
  public boolean derivativeFromOutput() {
    return switch (this) {
      case RELU, SIGMOID, TANH, EXP, SQRT, NEG, AFFINE -> true;
      default -> false;
    };
  }

  private static double sigmoid(double x) {
    if (x >= 0) {
      return 1 / (1 + Math.exp(-x));
    }
    double e = Math.exp(x);
    return e / (1 + e);
  }

  private static double log1pExp(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  /** Constants of the self-normalising ELU. */
  private static final class Selu {
    static final double SCALE = 1.0507009873554805;
    static final double ALPHA = 1.6732632423543772;
  }

  /** The error function and what GELU makes of it. */
  private static final class Erf {
    static double normal(double x) {
      return 0.5 * erfc(-x / Math.sqrt(2));
    }

    static double density(double x) {
      return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    }

    static double inner(double x) {
      return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
    }

    static double geluTanhSlope(double x) {
      double t = Math.tanh(inner(x));
      double slope = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope;
    }

    /**
     * Complementary error function: series below 2.5, continued fraction above; relative error
     * below 1e-14.
     */
    static double erfc(double x) {
      if (x < 0) {
        return 2 - erfc(-x);
      }
      return x < 2.5 ? 1 - series(x) : fraction(x);
    }

    private static double series(double x) {
      double term = x;
      double sum = x;
      for (int n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
        term *= 2 * x * x / (2 * n + 1);
        sum += term;
      }
      return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    private static double fraction(double x) {
      double tail = 0;
      for (int n = 80; n >= 1; n--) {
        tail = 0.5 * n / (x + tail);
      }
      return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + tail));
    }
  }
}
