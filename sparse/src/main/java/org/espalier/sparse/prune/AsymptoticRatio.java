package org.espalier.sparse.prune;

/**
 * Is the exponential of asymptotic soft filter pruning (section 2.5 of its sheet).
 *
 * @param start the ratio of epoch 0
 * @param goal the ratio of the last epoch
 * @param k the decay an epoch
 * @param a the factor of the exponential
 * @param b the limit
 */
record AsymptoticRatio(double start, double goal, double k, double a, double b)
    implements PruneSchedule {
  static AsymptoticRatio of(double start, double goal, int epochs, double share) {
    Rounding.checked(start);
    Rounding.checked(goal);
    if (epochs < 2) {
      throw new IllegalArgumentException(
          "asymptotic schedule: needs at least 2 epochs, got " + epochs);
    }
    if (!(share > 0 && share < 0.75)) {
      throw new IllegalArgumentException(
          "asymptotic schedule: D must be in (0, 0.75), got " + share);
    }
    if (goal < start) {
      throw new IllegalArgumentException(
          "asymptotic schedule: the goal %s must not be below the start %s".formatted(goal, start));
    }
    double k = -Math.log(root(share)) / (share * (epochs - 1));
    double a = -(goal - start) / (1 - Math.exp(-k * (epochs - 1)));
    return new AsymptoticRatio(start, goal, k, a, start - a);
  }

  /** Returns the root below 1 of {@code 0.75·x^(1/D) - x + 0.25} by bisection. */
  private static double root(double share) {
    double low = 1e-9;
    double high = Math.pow(share / 0.75, share / (1 - share));
    for (int i = 0; i < 200; i++) {
      double middle = (low + high) / 2;
      if (0.75 * Math.pow(middle, 1 / share) - middle + 0.25 > 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  @Override
  public double ratio(int epoch) {
    return Math.max(start, Math.min(goal, a * Math.exp(-k * epoch) + b));
  }
}
