package org.espalier.optim;

import java.util.List;
import java.util.Map;

/**
 * Divides each gradient by the root of the sum of its squares (Adagrad; Duchi, Hazan, Singer, JMLR
 * 2011; sheet 00, section 9).
 *
 * <pre>
 * g = g + weightDecay · p
 * s = s + g²
 * p = p - rate / (1 + (t - 1) · rateDecay) · g / (√s + epsilon),  t from 1
 * </pre>
 */
public final class Adagrad extends ElementwiseOptimizer {
  private final double rateDecay;
  private final double epsilon;
  private final double initialSum;

  private Adagrad(Builder builder) {
    super(builder, 0);
    rateDecay = builder.rateDecay;
    epsilon = builder.epsilon;
    initialSum = builder.initialSum;
  }

  /** Returns a builder: rate 0.01, no rate decay, sums from 0, epsilon 1e-10. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  protected List<String> slots(double momentum) {
    return List.of("sum");
  }

  @Override
  protected double slotStart() {
    return initialSum;
  }

  @Override
  protected boolean countsSteps() {
    return true;
  }

  @Override
  protected void change(float[] p, float[] g, float[][] s, int from, int to, Now now) {
    float[] sum = s[0];
    float rate = (float) now.rate(rateDecay);
    float sign = (float) now.sign();
    float decay = (float) now.weightDecay();
    float eps = (float) epsilon;
    for (int i = from; i < to; i++) {
      float gradient = sign * g[i] + decay * p[i];
      float total = sum[i] + gradient * gradient;
      sum[i] = total;
      p[i] -= rate * gradient / ((float) Math.sqrt(total) + eps);
    }
  }

  @Override
  protected void change(double[] p, double[] g, double[][] s, int from, int to, Now now) {
    double[] sum = s[0];
    double rate = now.rate(rateDecay);
    for (int i = from; i < to; i++) {
      double gradient = now.sign() * g[i] + now.weightDecay() * p[i];
      sum[i] += gradient * gradient;
      p[i] -= rate * gradient / (Math.sqrt(sum[i]) + epsilon);
    }
  }

  @Override
  protected void describe(Map<String, Object> options) {
    options.put("rateDecay", rateDecay);
    options.put("epsilon", epsilon);
    options.put("initialSum", initialSum);
  }

  /** Collects the options. */
  public static final class Builder extends ElementwiseOptimizer.Builder<Builder> {
    private double rateDecay;
    private double epsilon = 1e-10;
    private double initialSum;

    private Builder() {
      super("adagrad", 0.01);
    }

    /** Sets how fast the rate falls with the steps done, at least 0. */
    public Builder rateDecay(double value) {
      rateDecay = Checks.notNegative(name, "rateDecay", value);
      return this;
    }

    /** Sets what the sums of squares start from, at least 0. */
    public Builder initialSum(double value) {
      initialSum = Checks.notNegative(name, "initialSum", value);
      return this;
    }

    /** Sets what is added to the root, at least 0. */
    public Builder epsilon(double value) {
      epsilon = Checks.notNegative(name, "epsilon", value);
      return this;
    }

    /** Returns the optimizer. */
    public Adagrad build() {
      return new Adagrad(this);
    }
  }
}
