package org.espalier.optim;

import java.util.Map;

/**
 * Is {@link Adam} as Keras writes it (sheet 00, section 9): epsilon is added to the uncorrected
 * root, and the rate may fall with the steps done.
 *
 * <pre>
 * rate_t = rate / (1 + decay · (t - 1))
 * p = p - rate_t · √(1 - beta2^t) / (1 - beta1^t) · m / (√v + epsilon)
 * </pre>
 *
 * <p>The rule has no weight decay.
 */
public final class KerasAdam extends AdamRule {
  private final double decay;

  private KerasAdam(Builder builder) {
    super(builder);
    decay = builder.decay;
  }

  /** Returns a builder: rate 0.001, betas 0.9 and 0.999, epsilon 1e-7, no decay. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  Factors factors(Now now) {
    double correction =
        Math.sqrt(1 - Math.pow(beta2, now.count())) / (1 - Math.pow(beta1, now.count()));
    return new Factors(1, 0, now.rate(decay) * correction, 1);
  }

  @Override
  protected void describe(Map<String, Object> options) {
    super.describe(options);
    options.put("decay", decay);
  }

  /** Collects the options. */
  public static final class Builder extends AdamRule.Builder<Builder> {
    private double decay;

    private Builder() {
      super("keras_adam", 1e-7);
    }

    @Override
    protected boolean hasWeightDecay() {
      return false;
    }

    /** Sets how fast the rate falls with the steps done, at least 0. */
    public Builder decay(double value) {
      decay = Checks.notNegative(name, "decay", value);
      return this;
    }

    /** Returns the optimizer. */
    public KerasAdam build() {
      return new KerasAdam(this);
    }
  }
}
