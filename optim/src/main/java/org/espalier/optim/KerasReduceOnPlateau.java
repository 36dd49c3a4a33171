package org.espalier.optim;

/**
 * Lowers the learning rate as Keras's {@code ReduceLROnPlateau} does: when {@code patience} epochs
 * in a row were not better, one epoch earlier than {@link ReduceOnPlateau}.
 *
 * <p>Better means {@code m < best - threshold} (with {@link Goal#MAXIMIZE} {@code m > best +
 * threshold}). A rate at or below the least one never changes, and the waiting goes on.
 */
public final class KerasReduceOnPlateau extends Plateau {
  private KerasReduceOnPlateau(Builder builder) {
    super(builder);
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public void observe(double metric, double base) {
    if (cooling > 0) {
      cooling--;
      waited = 0;
    }
    if (goal.isBetter(metric, goal == Goal.MINIMIZE ? best - threshold : best + threshold)) {
      best = metric;
      waited = 0;
    } else if (cooling == 0) {
      waited++;
      if (waited >= patience && rate(base, 0, 0) > least) {
        reduce();
      }
    }
  }

  @Override
  double reduced(double rate) {
    return rate > least ? Math.max(rate * factor, least) : rate;
  }

  /** Collects the options. */
  public static final class Builder extends Plateau.Builder<Builder> {
    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /** Returns the schedule. */
    public KerasReduceOnPlateau build() {
      return new KerasReduceOnPlateau(this);
    }
  }
}
