package org.espalier.sparse.prune.criterion.batchnorm;

/**
 * Has the closed forms of {@code z > 0: z, else s·z}: slope 0 is ReLU, slope 1 no activation (a
 * folded normal variable). With R of {@link Rectified}: {@code E|a| = R(beta) + |s|·R(-beta)}.
 *
 * @param slope s
 */
record LeakyMoment(double slope) implements ActivationMoment {
  /** Above this mean, in deviations, ReLU cuts nothing that a double sees. */
  private static final double UNCUT = 8;

  @Override
  public double value(double z) {
    return z > 0 ? z : slope * z;
  }

  @Override
  public double mean(double beta, double sigma) {
    return slope == 1 ? beta : Rectified.mean(beta, sigma) - slope * Rectified.mean(-beta, sigma);
  }

  @Override
  public double meanAbs(double beta, double sigma) {
    return Rectified.mean(beta, sigma) + Math.abs(slope) * Rectified.mean(-beta, sigma);
  }

  @Override
  public double secondMoment(double beta, double sigma) {
    return Rectified.secondMoment(beta, sigma)
        + slope * slope * Rectified.secondMoment(-beta, sigma);
  }

  @Override
  public double deviation(double beta, double sigma) {
    boolean uncut = slope == 1 || beta > UNCUT * sigma;
    return uncut ? sigma : ActivationMoment.super.deviation(beta, sigma);
  }
}
