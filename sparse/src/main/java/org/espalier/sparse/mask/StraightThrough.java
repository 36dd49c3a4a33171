package org.espalier.sparse.mask;

import java.util.Locale;

/**
 * Says what derivative {@code h'(m)} stands in for that of the unit step in the backward pass, a
 * straight-through estimator (SCL, 2.4). The forward value is always the hard step.
 *
 * <p>The principle of the paper: where {@code h'} is positive on the whole line, gradient descent
 * drives each mask variable to the side of the smaller loss, from any start. {@link Kind#RELU}
 * breaks it, a dropped connection never returns, and it is there to show just that.
 *
 * @param kind the surrogate
 * @param slope the slope of {@link Kind#LEAKY_RELU} below 0; others do not read it
 */
public record StraightThrough(Kind kind, double slope) {
  /** Names the surrogates. */
  public enum Kind {
    /** {@code h(m) = m}, so {@code h' = 1}. */
    IDENTITY,
    /** {@code h' = 1} for m above 0, else the slope. */
    LEAKY_RELU,
    /** {@code h(m) = ln(1 + e^m)}, so {@code h' = 1 / (1 + e^-m)}. */
    SOFTPLUS,
    /** {@code h' = 1} for m above 0, else 0: not positive. */
    RELU
  }

  /** The slope of the leaky form where none is given. */
  public static final double DEFAULT_SLOPE = 0.1;

  /** The estimator that SCL adopts. */
  public static final StraightThrough IDENTITY = new StraightThrough(Kind.IDENTITY, DEFAULT_SLOPE);

  /** The estimator by the derivative of softplus. */
  public static final StraightThrough SOFTPLUS = new StraightThrough(Kind.SOFTPLUS, DEFAULT_SLOPE);

  /** Creates the estimator; the slope of a leaky form must be finite and above 0. */
  public StraightThrough {
    if (kind == Kind.LEAKY_RELU && !(slope > 0 && slope < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "straight-through leaky_relu: slope must be above 0, got %s; the proxy gradient must be positive"
              .formatted(slope));
    }
  }

  /** Returns the leaky form. */
  public static StraightThrough leakyRelu(double slope) {
    return new StraightThrough(Kind.LEAKY_RELU, slope);
  }

  /**
   * Returns the estimator of a name such as {@code leaky_relu}.
   *
   * @param allowNonPositiveProxy whether {@code relu}, which breaks the principle, is wanted
   */
  public static StraightThrough of(String name, double slope, boolean allowNonPositiveProxy) {
    Kind kind;
    try {
      kind = Kind.valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "straight-through: unknown estimator '%s'; there are identity, leaky_relu, softplus, relu"
              .formatted(name),
          e);
    }
    return new StraightThrough(kind, slope).requirePositive(allowNonPositiveProxy);
  }

  /** Returns this, refused if its derivative is not positive and that is not allowed. */
  StraightThrough requirePositive(boolean allowNonPositiveProxy) {
    if (!isPositive() && !allowNonPositiveProxy) {
      throw new IllegalArgumentException(
          "straight-through relu: its derivative is 0 for masks at or below 0, so a dropped connection never returns; the proxy derivative must be positive (allowNonPositiveProxy permits it for a demonstration)");
    }
    return this;
  }

  /** Tells whether the derivative is positive on the whole line. */
  public boolean isPositive() {
    return kind != Kind.RELU;
  }

  /** Returns the derivative {@code h'(m)}; finite for every m. */
  public double derivative(double m) {
    return switch (kind) {
      case IDENTITY -> 1;
      case LEAKY_RELU -> m > 0 ? 1 : slope;
      case SOFTPLUS -> sigmoid(m);
      case RELU -> m > 0 ? 1 : 0;
    };
  }

  private static double sigmoid(double m) {
    if (m >= 0) {
      return 1 / (1 + Math.exp(-m));
    }
    double e = Math.exp(m);
    return e / (1 + e);
  }
}
