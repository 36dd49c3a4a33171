package org.espalier.optim;

/**
 * Is {@link Adam} with decoupled weight decay (Loshchilov and Hutter, ICLR 2019; sheet 00, section
 * 9): {@code p = (1 - rate · weightDecay) · p} first, then a step without decay.
 */
public final class AdamW extends AdamRule {
  private AdamW(Builder builder) {
    super(builder);
  }

  /** Returns a builder: rate 0.001, betas 0.9 and 0.999, epsilon 1e-8, weight decay 0.01. */
  public static Builder builder() {
    return new Builder().weightDecay(0.01);
  }

  @Override
  Factors factors(Now now) {
    return corrected(1 - now.rate() * now.weightDecay(), 0, now);
  }

  /** Collects the options. */
  public static final class Builder extends AdamRule.Builder<Builder> {
    private Builder() {
      super("adamw", 1e-8);
    }

    /** Uses the largest mean square so far (Reddi, Kale, Kumar, ICLR 2018). */
    public Builder amsgrad(boolean wanted) {
      amsgrad = wanted;
      return this;
    }

    /** Returns the optimizer. */
    public AdamW build() {
      return new AdamW(this);
    }
  }
}
