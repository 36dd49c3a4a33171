package org.espalier.sparse.prune.criterion.batchnorm;

/** Says which number of a channel's activation counts (sheet 06, section 2.2; reconstructed). */
public enum Statistic {
  /** {@code E|act(z)|}, the default. */
  MEAN_ABS {
    @Override
    public double of(ActivationMoment moment, double beta, double gamma, double sigma) {
      return moment.meanAbs(beta, sigma);
    }
  },
  /** {@code E[act(z)²]}. */
  SECOND_MOMENT {
    @Override
    public double of(ActivationMoment moment, double beta, double gamma, double sigma) {
      return moment.secondMoment(beta, sigma);
    }
  },
  /** The standard deviation of {@code act(z)}. */
  STD {
    @Override
    public double of(ActivationMoment moment, double beta, double gamma, double sigma) {
      return moment.deviation(beta, sigma);
    }
  },
  /** The probability that z is positive, {@code Φ(beta/sigma)}. */
  PROB_ACTIVE {
    @Override
    public double of(ActivationMoment moment, double beta, double gamma, double sigma) {
      if (sigma == 0) {
        return beta > 0 ? 1 : 0;
      }
      return StandardNormal.distribution(beta / sigma);
    }
  },
  /** {@code |gamma|}, the score of network slimming (Liu et al., ICCV 2017), for comparison. */
  ABS_GAMMA {
    @Override
    public double of(ActivationMoment moment, double beta, double gamma, double sigma) {
      return Math.abs(gamma);
    }
  };

  /**
   * Returns the statistic of one channel.
   *
   * @param moment what the activation behind the norm does
   * @param beta the shift
   * @param gamma the scale
   * @param sigma the deviation of what the activation gets, not negative
   */
  public abstract double of(ActivationMoment moment, double beta, double gamma, double sigma);
}
