package org.espalier.nn;

/**
 * Lists by how much an initialiser widens its distribution to keep the variance behind an
 * activation (layers reference, section 11).
 */
public final class Gain {
  /** Linear layers, convolutions and sigmoid: 1. */
  public static final double LINEAR = 1;

  /** Hyperbolic tangent: 5/3. */
  public static final double TANH = 5.0 / 3;

  /** ReLU: {@code √2}. */
  public static final double RELU = Math.sqrt(2);

  /** SELU: 3/4. */
  public static final double SELU = 0.75;

  private Gain() {}

  /** Returns the gain of a leaky ReLU: {@code √(2 / (1 + slope²))}. */
  public static double leakyRelu(double slope) {
    return Math.sqrt(2 / (1 + slope * slope));
  }
}
