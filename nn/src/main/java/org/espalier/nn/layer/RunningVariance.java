package org.espalier.nn.layer;

/**
 * Says which variance of a batch of m values a channel enters the running variance (layers
 * reference, section 3). Normalising always uses the biased one.
 */
public enum RunningVariance {
  /** {@code Σ(x-mean)²/(m-1)}, as PyTorch does. */
  UNBIASED {
    @Override
    double factor(long m, double eps) {
      return m / (m - 1.0);
    }
  },
  /** {@code Σ(x-mean)²/m}, as tf.keras does on {@code [n, l, c]} input. */
  BIASED {
    @Override
    double factor(long m, double eps) {
      return 1;
    }
  },
  /** The biased variance times {@code m/(m-(1+eps))}, as standalone Keras 2.2 does. */
  KERAS22 {
    @Override
    double factor(long m, double eps) {
      return m / (m - (1 + eps));
    }
  };

  /** Returns by what the biased variance is multiplied. */
  abstract double factor(long m, double eps);
}
