package org.espalier.optim;

/**
 * Lowers the learning rate as PyTorch's {@code ReduceLROnPlateau} does: when more than {@code
 * patience} epochs in a row were not better.
 *
 * <p>Better means {@code m < best · (1 - threshold)}, or {@code m < best - threshold} if absolute;
 * with {@link Goal#MAXIMIZE} above, with plus signs.
 */
public final class ReduceOnPlateau extends Plateau {
  private final boolean absolute;
  private final double leastChange;

  private ReduceOnPlateau(Builder builder) {
    super(builder);
    absolute = builder.absolute;
    leastChange = builder.leastChange;
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public void observe(double metric, double base) {
    if (goal.isBetter(metric, bound())) {
      best = metric;
      waited = 0;
    } else {
      waited++;
    }
    if (cooling > 0) {
      cooling--;
      waited = 0;
    }
    if (waited > patience) {
      reduce();
    }
  }

  private double bound() {
    double sign = goal == Goal.MINIMIZE ? -1 : 1;
    return absolute ? best + sign * threshold : best * (1 + sign * threshold);
  }

  @Override
  double reduced(double rate) {
    double lower = Math.max(rate * factor, least);
    return rate - lower > leastChange ? lower : rate;
  }

  /** Collects the options. */
  public static final class Builder extends Plateau.Builder<Builder> {
    private boolean absolute;
    private double leastChange = 1e-8;

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /** Takes the threshold as a difference instead of a share of the best value. */
    public Builder absolute(boolean wanted) {
      absolute = wanted;
      return this;
    }

    /** Sets the smallest change of the rate that is made, at least 0; 1e-8 by default. */
    public Builder leastChange(double value) {
      leastChange = Checks.notNegative("plateau", "least change", value);
      return this;
    }

    /** Returns the schedule. */
    public ReduceOnPlateau build() {
      return new ReduceOnPlateau(this);
    }
  }
}
