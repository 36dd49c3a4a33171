package org.espalier.optim;

import java.util.List;
import java.util.Map;

/**
 * Scales each step by the ratio of past changes to past gradients (Adadelta; Zeiler 2012; sheet 00,
 * section 9).
 *
 * <pre>
 * g = g + weightDecay · p
 * a = rho · a + (1 - rho) · g²
 * d = g · √(u + epsilon) / √(a + epsilon)
 * p = p - rate · d
 * u = rho · u + (1 - rho) · d²
 * </pre>
 */
public final class Adadelta extends ElementwiseOptimizer {
  private final double rho;
  private final double epsilon;

  private Adadelta(Builder builder) {
    super(builder, 0);
    rho = builder.rho;
    epsilon = builder.epsilon;
  }

  /** Returns a builder with PyTorch's defaults: rate 1, rho 0.9, epsilon 1e-6. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns a builder with the defaults of stand-alone Keras 2: rate 1, rho 0.95, epsilon 1e-7. The
   * default rate of tf.keras is 0.001.
   */
  public static Builder keras() {
    return new Builder().rho(0.95).epsilon(1e-7);
  }

  @Override
  protected List<String> slots(double momentum) {
    return List.of("square", "change");
  }

  @Override
  protected void change(float[] p, float[] g, float[][] s, int from, int to, Now now) {
    float[] a = s[0];
    float[] u = s[1];
    float rate = (float) now.rate();
    float sign = (float) now.sign();
    float decay = (float) now.weightDecay();
    float eps = (float) epsilon;
    float kept = (float) rho;
    float fresh = (float) (1 - rho);
    for (int i = from; i < to; i++) {
      float gradient = sign * g[i] + decay * p[i];
      float square = kept * a[i] + fresh * gradient * gradient;
      float change = gradient * (float) Math.sqrt(u[i] + eps) / (float) Math.sqrt(square + eps);
      a[i] = square;
      u[i] = kept * u[i] + fresh * change * change;
      p[i] -= rate * change;
    }
  }

  @Override
  protected void change(double[] p, double[] g, double[][] s, int from, int to, Now now) {
    double[] a = s[0];
    double[] u = s[1];
    for (int i = from; i < to; i++) {
      double gradient = now.sign() * g[i] + now.weightDecay() * p[i];
      a[i] = rho * a[i] + (1 - rho) * gradient * gradient;
      double change = gradient * Math.sqrt(u[i] + epsilon) / Math.sqrt(a[i] + epsilon);
      u[i] = rho * u[i] + (1 - rho) * change * change;
      p[i] -= now.rate() * change;
    }
  }

  @Override
  protected void describe(Map<String, Object> options) {
    options.put("rho", rho);
    options.put("epsilon", epsilon);
  }

  /** Collects the options. */
  public static final class Builder extends ElementwiseOptimizer.Builder<Builder> {
    private double rho = 0.9;
    private double epsilon = 1e-6;

    private Builder() {
      super("adadelta", 1);
    }

    /** Sets the share of the old averages that is kept, in [0, 1). */
    public Builder rho(double value) {
      rho = Checks.fraction(name, "rho", value);
      return this;
    }

    /** Sets what is added under both roots, above 0: from 0 no step could ever start. */
    public Builder epsilon(double value) {
      epsilon = Checks.positive(name, "epsilon", value);
      return this;
    }

    /** Returns the optimizer. */
    public Adadelta build() {
      return new Adadelta(this);
    }
  }
}
