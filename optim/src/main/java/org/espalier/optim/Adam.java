package org.espalier.optim;

/**
 * Scales each number's step by running moments of its gradient (Adam; Kingma and Ba, ICLR 2015;
 * PyTorch's form, sheet 00, section 9).
 *
 * <pre>
 * g = g + weightDecay · p
 * m = beta1 · m + (1 - beta1) · g;     v = beta2 · v + (1 - beta2) · g²
 * p = p - rate · (m / (1 - beta1^t)) / (√(v / (1 - beta2^t)) + epsilon),  t from 1
 * </pre>
 *
 * <p>With amsgrad the largest v so far stands under the root. {@link AdamW} decouples the decay,
 * {@link KerasAdam} adds epsilon to the uncorrected root.
 */
public final class Adam extends AdamRule {
  private Adam(Builder builder) {
    super(builder);
  }

  /** Returns a builder: rate 0.001, betas 0.9 and 0.999, epsilon 1e-8. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  Factors factors(Now now) {
    return corrected(1, now.weightDecay(), now);
  }

  /** Collects the options. */
  public static final class Builder extends AdamRule.Builder<Builder> {
    private Builder() {
      super("adam", 1e-8);
    }

    /** Uses the largest mean square so far (Reddi, Kale, Kumar, ICLR 2018). */
    public Builder amsgrad(boolean wanted) {
      amsgrad = wanted;
      return this;
    }

    /** Returns the optimizer. */
    public Adam build() {
      return new Adam(this);
    }
  }
}
