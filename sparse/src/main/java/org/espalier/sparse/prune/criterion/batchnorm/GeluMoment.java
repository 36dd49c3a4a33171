package org.espalier.sparse.prune.criterion.batchnorm;

/**
 * Has the closed form of the mean of GELU, {@code beta·Φ(beta/r) + sigma²/r·φ(beta/r)}, {@code r =
 * √(1 + sigma²)}, and integrals of the rest.
 *
 * @param integrals what computes the rest
 */
record GeluMoment(ActivationMoment integrals) implements ActivationMoment {
  @Override
  public double value(double z) {
    return integrals.value(z);
  }

  @Override
  public double mean(double beta, double sigma) {
    double r = Math.sqrt(1 + sigma * sigma);
    return beta * StandardNormal.distribution(beta / r)
        + sigma * sigma / r * StandardNormal.density(beta / r);
  }

  @Override
  public double meanAbs(double beta, double sigma) {
    return integrals.meanAbs(beta, sigma);
  }

  @Override
  public double secondMoment(double beta, double sigma) {
    return integrals.secondMoment(beta, sigma);
  }
}
