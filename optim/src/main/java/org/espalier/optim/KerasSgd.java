package org.espalier.optim;

import java.util.List;
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
public final class KerasSgd extends ElementwiseOptimizer {
  private static final String NAME = "keras_sgd";

  private final double momentum;
  private final double decay;
  private final boolean nesterov;

  private KerasSgd(Builder builder) {
    super(builder, builder.momentum, 1);
    momentum = builder.momentum;
    decay = builder.decay;
    nesterov = builder.nesterov;
  }

  /** Returns a builder: rate 0.01, no momentum, no decay. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  protected String name() {
    return NAME;
  }

  @Override
  protected List<String> slots(double groupMomentum) {
    return groupMomentum > 0 ? List.of("momentum") : List.of();
  }

  @Override
  protected boolean countsSteps() {
    return decay > 0;
  }

  private double signedRate(Now now) {
    return now.sign() * now.rate() / (1 + decay * (now.count() - 1));
  }

  @Override
  protected void change(float[] p, float[] g, float[][] s, Now now) {
    float rate = (float) signedRate(now);
    if (now.momentum() == 0) {
      for (int i = 0; i < p.length; i++) {
        p[i] -= rate * g[i];
      }
      return;
    }
    float[] v = s[0];
    float kept = (float) now.momentum();
    float ahead = nesterov ? kept : 1;
    float direct = nesterov ? rate : 0;
    for (int i = 0; i < p.length; i++) {
      float velocity = kept * v[i] - rate * g[i];
      v[i] = velocity;
      p[i] += ahead * velocity - direct * g[i];
    }
  }

  @Override
  protected void change(double[] p, double[] g, double[][] s, Now now) {
    double rate = signedRate(now);
    for (int i = 0; i < p.length; i++) {
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
  public static final class Builder extends ElementwiseOptimizer.Builder<Builder> {
    private double momentum;
    private double decay;
    private boolean nesterov;

    private Builder() {
      super(NAME, 0.01);
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    protected boolean hasWeightDecay() {
      return false;
    }

    @Override
    protected boolean hasMomentum() {
      return true;
    }

    /** Sets the share of the last velocity that is kept, at least 0. */
    public Builder momentum(double value) {
      momentum = Checks.notNegative(NAME, "momentum", value);
      return this;
    }

    /** Sets how fast the rate falls with the steps done, at least 0. */
    public Builder decay(double value) {
      decay = Checks.notNegative(NAME, "decay", value);
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
