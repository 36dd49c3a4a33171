package org.espalier.optim;

/**
 * Is {@link Adam} with decoupled weight decay (Loshchilov and Hutter, ICLR 2019; sheet 00, section
 * 9): {@code p = (1 - rate · weightDecay) · p} first, then a step without decay.
 */
public final class AdamW extends AdamRule {
  private static final String NAME = "adamw";

  private AdamW(Builder builder) {
    super(builder, builder.amsgrad);
  }

  /** Returns a builder: rate 0.001, betas 0.9 and 0.999, epsilon 1e-8, weight decay 0.01. */
  public static Builder builder() {
    return new Builder().weightDecay(0.01);
  }

  @Override
  protected String name() {
    return NAME;
  }

  @Override
  Factors factors(Now now) {
    double keep = 1 - now.rate() * now.weightDecay();
    double size = now.rate() / (1 - Math.pow(beta1, now.count()));
    double root = 1 / Math.sqrt(1 - Math.pow(beta2, now.count()));
    return new Factors(keep, 0, size, root);
  }

  /** Collects the options. */
  public static final class Builder extends AdamRule.Builder<Builder> {
    private boolean amsgrad;

    private Builder() {
      super(NAME, 1e-8);
    }

    @Override
    protected Builder self() {
      return this;
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
