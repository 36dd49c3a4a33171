package org.espalier.optim;

import java.util.Map;

/**
 * Descends along the gradient, with momentum if wanted (PyTorch's SGD; sheet 00, section 9).
 *
 * <pre>
 * g = g + weightDecay · p
 * v = g in the first step, later momentum · v + (1 - dampening) · g
 * p = p - rate · (nesterov ? g + momentum · v : v)
 * </pre>
 *
 * <p>The rate multiplies at use, so a lower one acts at once on the whole buffer; {@link KerasSgd}
 * freezes it into the buffer.
 */
public final class Sgd extends MomentumRule {
  private final double dampening;
  private final boolean nesterov;

  private Sgd(Builder builder) {
    super(builder);
    dampening = builder.dampening;
    nesterov = builder.nesterov;
  }

  /** Returns a builder: rate 0.001, no momentum, no weight decay. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  protected void change(float[] p, float[] g, float[][] s, int from, int to, Now now) {
    float rate = (float) now.rate();
    float sign = (float) now.sign();
    float decay = (float) now.weightDecay();
    if (now.momentum() == 0) {
      for (int i = from; i < to; i++) {
        p[i] -= rate * (sign * g[i] + decay * p[i]);
      }
      return;
    }
    float[] v = s[0];
    float kept = now.first() ? 0 : (float) now.momentum();
    float fresh = now.first() ? 1 : (float) (1 - dampening);
    float ahead = nesterov ? (float) now.momentum() : 1;
    float direct = nesterov ? 1 : 0;
    for (int i = from; i < to; i++) {
      float gradient = sign * g[i] + decay * p[i];
      float velocity = kept * v[i] + fresh * gradient;
      v[i] = velocity;
      p[i] -= rate * (direct * gradient + ahead * velocity);
    }
  }

  @Override
  protected void change(double[] p, double[] g, double[][] s, int from, int to, Now now) {
    for (int i = from; i < to; i++) {
      double gradient = now.sign() * g[i] + now.weightDecay() * p[i];
      if (now.momentum() > 0) {
        double[] v = s[0];
        v[i] = now.first() ? gradient : now.momentum() * v[i] + (1 - dampening) * gradient;
        gradient = nesterov ? gradient + now.momentum() * v[i] : v[i];
      }
      p[i] -= now.rate() * gradient;
    }
  }

  @Override
  protected void describe(Map<String, Object> options) {
    options.put("momentum", momentum);
    options.put("dampening", dampening);
    options.put("nesterov", nesterov);
  }

  /** Collects the options. */
  public static final class Builder extends MomentumRule.Builder<Builder> {
    private double dampening;
    private boolean nesterov;

    private Builder() {
      super("sgd", 1e-3);
    }

    /** Sets the share of the gradient that does not enter the velocity, not in the first step. */
    public Builder dampening(double value) {
      dampening = Checks.finite(name, "dampening", value);
      return this;
    }

    /** Looks ahead along the velocity (Nesterov); needs a momentum and no dampening. */
    public Builder nesterov(boolean wanted) {
      nesterov = wanted;
      return this;
    }

    /** Returns the optimizer. */
    public Sgd build() {
      if (nesterov && (momentum <= 0 || dampening != 0)) {
        throw new IllegalArgumentException(
            "sgd: nesterov needs momentum above 0 and dampening 0, got momentum %s and dampening %s"
                .formatted(momentum, dampening));
      }
      return new Sgd(this);
    }
  }
}
