package org.espalier.optim;

import java.util.List;
import java.util.Map;

/**
 * Divides each gradient by the root of its running mean square (RMSprop; Hinton's lecture 6e, 2012;
 * sheet 00, section 9).
 *
 * <pre>
 * g = g + weightDecay · p
 * v = alpha · v + (1 - alpha) · g²
 * centered: a = alpha · a + (1 - alpha) · g, and v - a² stands for v below
 * d = g / (√v + epsilon), or g / √(v + epsilon)
 * p = p - rate · d; with momentum: b = momentum · b + d, p = p - rate · b
 * </pre>
 */
public final class RmsProp extends MomentumRule {
  private final double alpha;
  private final double epsilon;
  private final boolean centered;
  private final EpsPlacement placement;

  private RmsProp(Builder builder) {
    super(builder);
    alpha = builder.alpha;
    epsilon = builder.epsilon;
    centered = builder.centered;
    placement = builder.placement;
  }

  /** Returns a builder with PyTorch's defaults: rate 0.01, alpha 0.99, epsilon 1e-8 outside. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns a builder with Keras's defaults: rate 0.001, alpha (their rho) 0.9, epsilon 1e-7, in
   * the place that the release uses.
   */
  public static Builder keras(EpsPlacement placement) {
    return new Builder().rate(1e-3).alpha(0.9).epsilon(1e-7).epsPlacement(placement);
  }

  @Override
  List<String> ownSlots() {
    return centered ? List.of("square", "mean") : List.of("square");
  }

  @Override
  protected void change(float[] p, float[] g, float[][] s, int from, int to, Now now) {
    float[] v = s[0];
    float sign = (float) now.sign();
    float decay = (float) now.weightDecay();
    float kept = (float) alpha;
    float fresh = (float) (1 - alpha);
    float inside = placement == EpsPlacement.INSIDE_ROOT ? (float) epsilon : 0;
    float outside = placement == EpsPlacement.INSIDE_ROOT ? 0 : (float) epsilon;
    float rate = (float) now.rate();
    float[] a = centered ? s[1] : null;
    float[] b = now.momentum() > 0 ? s[centered ? 2 : 1] : null;
    float keptMomentum = (float) now.momentum();
    for (int i = from; i < to; i++) {
      float gradient = sign * g[i] + decay * p[i];
      v[i] = kept * v[i] + fresh * gradient * gradient;
      float spread = v[i];
      if (a != null) {
        a[i] = kept * a[i] + fresh * gradient;
        spread = Math.max(spread - a[i] * a[i], 0); // rounding may leave less than nothing
      }
      float move = gradient / ((float) Math.sqrt(spread + inside) + outside);
      if (b != null) {
        b[i] = keptMomentum * b[i] + move;
        move = b[i];
      }
      p[i] -= rate * move;
    }
  }

  @Override
  protected void change(double[] p, double[] g, double[][] s, int from, int to, Now now) {
    double[] v = s[0];
    for (int i = from; i < to; i++) {
      double gradient = now.sign() * g[i] + now.weightDecay() * p[i];
      v[i] = alpha * v[i] + (1 - alpha) * gradient * gradient;
      double spread = v[i];
      if (centered) {
        s[1][i] = alpha * s[1][i] + (1 - alpha) * gradient;
        spread = Math.max(spread - s[1][i] * s[1][i], 0);
      }
      double move = gradient / root(spread);
      if (now.momentum() > 0) {
        double[] b = s[centered ? 2 : 1];
        b[i] = now.momentum() * b[i] + move;
        move = b[i];
      }
      p[i] -= now.rate() * move;
    }
  }

  private double root(double spread) {
    return placement == EpsPlacement.INSIDE_ROOT
        ? Math.sqrt(spread + epsilon)
        : Math.sqrt(spread) + epsilon;
  }

  @Override
  protected void describe(Map<String, Object> options) {
    options.put("alpha", alpha);
    options.put("epsilon", epsilon);
    options.put("epsPlacement", placement.name());
    options.put("momentum", momentum);
    options.put("centered", centered);
  }

  /** Collects the options. */
  public static final class Builder extends MomentumRule.Builder<Builder> {
    private double alpha = 0.99;
    private double epsilon = 1e-8;
    private boolean centered;
    private EpsPlacement placement = EpsPlacement.OUTSIDE_ROOT;

    private Builder() {
      super("rmsprop", 0.01);
    }

    /** Sets the share of the old mean square that is kept, in [0, 1); Keras says rho. */
    public Builder alpha(double value) {
      alpha = Checks.fraction(name, "alpha", value);
      return this;
    }

    /** Sets what is added to the root, at least 0. */
    public Builder epsilon(double value) {
      epsilon = Checks.notNegative(name, "epsilon", value);
      return this;
    }

    /** Sets where epsilon is added. */
    public Builder epsPlacement(EpsPlacement where) {
      placement = where;
      return this;
    }

    /** Divides by the running deviation instead of the running mean square. */
    public Builder centered(boolean wanted) {
      centered = wanted;
      return this;
    }

    /** Returns the optimizer. */
    public RmsProp build() {
      return new RmsProp(this);
    }
  }
}
