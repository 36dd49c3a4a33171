package org.espalier.optim;

import java.util.Map;

/**
 * Descends with the learning rate frozen into the velocity (Keras's SGD; sheet 00, section 9).
 *
 * <pre>
 * rate_k = rate / (1 + decay · k), k = steps done before
 * v = momentum · v - rate_k · g
 * p = p + (nesterov ? momentum · v - rate_k · g : v)
 * </pre>
 *
 * <p>Equal to {@link Sgd} while the rate is constant. The rule has no weight decay.
 */
public final class KerasSgd extends MomentumRule {
  private final double decay;
  private final boolean nesterov;

  private KerasSgd(Builder builder) {
    super(builder);
    decay = builder.decay;
    nesterov = builder.nesterov;
  }

  /** Returns a builder: rate 0.01, no momentum, no decay. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  protected boolean countsSteps() {
    return decay > 0;
  }

  @Override
  protected void change(float[] p, float[] g, float[][] s, int from, int to, Now now) {
    float rate = (float) (now.sign() * now.rate(decay));
    if (now.momentum() == 0) {
      for (int i = from; i < to; i++) {
        p[i] -= rate * g[i];
      }
      return;
    }
    float[] v = s[0];
    float kept = (float) now.momentum();
    float ahead = nesterov ? kept : 1;
    float direct = nesterov ? rate : 0;
    for (int i = from; i < to; i++) {
      float velocity = kept * v[i] - rate * g[i];
      v[i] = velocity;
      p[i] += ahead * velocity - direct * g[i];
    }
  }

  @Override
  protected void change(double[] p, double[] g, double[][] s, int from, int to, Now now) {
    double rate = now.sign() * now.rate(decay);
    for (int i = from; i < to; i++) {
      double move = -rate * g[i];
      if (now.momentum() > 0) {
        double[] v = s[0];
        v[i] = now.momentum() * v[i] + move;
        move = nesterov ? now.momentum() * v[i] + move : v[i];
      }
      p[i] += move;
    }
  }

  @Override
  protected void describe(Map<String, Object> options) {
    options.put("momentum", momentum);
    options.put("decay", decay);
    options.put("nesterov", nesterov);
  }

  /** Collects the options. */
  public static final class Builder extends MomentumRule.Builder<Builder> {
    private double decay;
    private boolean nesterov;

    private Builder() {
      super("keras_sgd", 0.01);
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

    /** Looks ahead along the velocity (Nesterov); without momentum it changes nothing. */
    public Builder nesterov(boolean wanted) {
      nesterov = wanted;
      return this;
    }

    /** Returns the optimizer. */
    public KerasSgd build() {
      return new KerasSgd(this);
    }
  }
}
