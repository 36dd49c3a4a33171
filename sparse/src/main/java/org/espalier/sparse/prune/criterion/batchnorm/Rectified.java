package org.espalier.sparse.prune.criterion.batchnorm;

/**
 * Computes moments of the rectified normal variable {@code max(z, 0)} without cancellation (sheet
 * 06, section 2.3).
 */
final class Rectified {
  private static final double CANCELS_BELOW = -5;
  private static final double ASYMPTOTIC_BELOW = -30;
  private static final double LINEAR_ABOVE = 30;

  private Rectified() {}

  /** Returns {@code R = beta·Φ(t) + sigma·φ(t)}, {@code t = beta/sigma}. */
  static double mean(double beta, double sigma) {
    if (sigma == 0) {
      return Math.max(beta, 0);
    }
    double t = beta / sigma;
    if (t > LINEAR_ABOVE) {
      return beta;
    }
    if (t >= CANCELS_BELOW) {
      return Math.max(beta * StandardNormal.distribution(t) + sigma * StandardNormal.density(t), 0);
    }
    double factor;
    if (t >= ASYMPTOTIC_BELOW) {
      factor = 1 + t * StandardNormal.mills(t);
    } else {
      double s = 1 / (t * t);
      factor = s * (1 - s * (3 - s * (15 - s * 105)));
    }
    return Math.max(sigma * StandardNormal.density(t) * factor, 0);
  }

  /** Returns {@code E[max(z, 0)²] = (beta² + sigma²)·Φ(t) + beta·sigma·φ(t)}. */
  static double secondMoment(double beta, double sigma) {
    if (sigma == 0) {
      return mean(beta, 0) * mean(beta, 0);
    }
    double t = beta / sigma;
    if (t > LINEAR_ABOVE) {
      return beta * beta + sigma * sigma;
    }
    if (t >= CANCELS_BELOW) {
      return Math.max(
          (beta * beta + sigma * sigma) * StandardNormal.distribution(t)
              + beta * sigma * StandardNormal.density(t),
          0);
    }
    double factor;
    if (t >= ASYMPTOTIC_BELOW) {
      factor = (t * t + 1) * StandardNormal.mills(t) + t;
    } else {
      double s = 1 / (t * t);
      factor = -s / t * (2 - s * (12 - s * (90 - s * 840)));
    }
    return Math.max(sigma * sigma * StandardNormal.density(t) * factor, 0);
  }
}
