package org.espalier.sparse.prune.criterion.batchnorm;

import java.util.function.DoubleUnaryOperator;

/**
 * Knows the moments of {@code a = act(z)} for a normal z of mean beta and deviation sigma (sheet
 * 06, section 2.2; the functionals are (reconstructed)). With sigma 0, z is beta.
 *
 * <p>An activation of one's own needs its value and, where it has any, its kinks: {@link #numeric}.
 */
public interface ActivationMoment {
  /** Returns {@code act(z)}. */
  double value(double z);

  /** Returns {@code E[act(z)]}. */
  double mean(double beta, double sigma);

  /** Returns {@code E|act(z)|}. */
  double meanAbs(double beta, double sigma);

  /** Returns {@code E[act(z)²]}. */
  double secondMoment(double beta, double sigma);

  /** Returns the standard deviation {@code √(E[act²] - E[act]²)}. */
  default double deviation(double beta, double sigma) {
    double mean = mean(beta, sigma);
    return sigma == 0 ? 0 : Math.sqrt(Math.max(secondMoment(beta, sigma) - mean * mean, 0));
  }

  /** Returns the moments of no activation at all. */
  static ActivationMoment identity() {
    return leaky(1);
  }

  /** Returns the moments of {@code max(z, 0)}. */
  static ActivationMoment relu() {
    return leaky(0);
  }

  /** Returns the moments of {@code z > 0: z, else slope·z}, also for a learned slope. */
  static ActivationMoment leaky(double slope) {
    return new LeakyMoment(slope);
  }

  /**
   * Returns the moments of {@code min(max(z, 0), cap)}; 6 for ReLU6.
   *
   * @param cap above 0
   */
  static ActivationMoment clipped(double cap) {
    return new ClippedMoment(cap);
  }

  /** Returns the moments of {@code z·Φ(z)}: a closed form of the mean, integrals of the others. */
  static ActivationMoment gelu() {
    return new GeluMoment(numeric(z -> z * StandardNormal.distribution(z), 0));
  }

  /**
   * Returns the moments of any function, by integrals that are accurate to about 1e-8.
   *
   * @param function continuous, and smooth between the kinks
   * @param kinks where the function or its sign bends
   */
  static ActivationMoment numeric(DoubleUnaryOperator function, double... kinks) {
    return new NumericMoment(function, kinks);
  }
}
