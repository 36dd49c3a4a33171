package org.espalier.sparse.prune.criterion.batchnorm;

/**
 * Has the closed forms of {@code min(max(z, 0), c)}: what z exceeds c by is taken off, {@code E =
 * R(beta) - R(beta - c)}.
 *
 * @param cap c, above 0
 */
record ClippedMoment(double cap) implements ActivationMoment {
  /** Creates the moments. */
  ClippedMoment {
    if (!(cap > 0)) {
      throw new IllegalArgumentException(
          "batch norm importance: a clipped activation needs a cap above 0, got " + cap);
    }
  }

  @Override
  public double value(double z) {
    return Math.min(Math.max(z, 0), cap);
  }

  @Override
  public double mean(double beta, double sigma) {
    double mean = Rectified.mean(beta, sigma) - Rectified.mean(beta - cap, sigma);
    return Math.min(Math.max(mean, 0), cap);
  }

  @Override
  public double meanAbs(double beta, double sigma) {
    return mean(beta, sigma);
  }

  @Override
  public double secondMoment(double beta, double sigma) {
    // z² - c² = (z - c)² + 2c·(z - c) where z exceeds c.
    double over =
        Rectified.secondMoment(beta - cap, sigma) + 2 * cap * Rectified.mean(beta - cap, sigma);
    return Math.min(Math.max(Rectified.secondMoment(beta, sigma) - over, 0), cap * cap);
  }
}
