package org.espalier.optim;

import java.util.List;
import java.util.Map;

/**
 * Is the rule that the Adam optimizers share; they differ in four factors of a step.
 *
 * <pre>
 * p = keep · p
 * g = g + decay · p
 * m = beta1 · m + (1 - beta1) · g
 * v = beta2 · v + (1 - beta2) · g²
 * p = p - size · m / (root · √v + epsilon), with amsgrad the largest v so far
 * </pre>
 */
abstract class AdamRule extends ElementwiseOptimizer {
  /** The factors of one step, named as in the formula. */
  record Factors(double keep, double decay, double size, double root) {}

  final double beta1;
  final double beta2;
  private final double epsilon;
  private final boolean amsgrad;

  AdamRule(Builder<?> builder) {
    super(builder, 0);
    beta1 = builder.beta1;
    beta2 = builder.beta2;
    epsilon = builder.epsilon;
    amsgrad = builder.amsgrad;
  }

  abstract Factors factors(Now now);

  /** Returns the factors that divide both moments by their bias, as in the paper. */
  final Factors corrected(double keep, double decay, Now now) {
    double size = now.rate() / (1 - Math.pow(beta1, now.count()));
    double root = 1 / Math.sqrt(1 - Math.pow(beta2, now.count()));
    return new Factors(keep, decay, size, root);
  }

  @Override
  protected final List<String> slots(double momentum) {
    return amsgrad ? List.of("mean", "square", "largest_square") : List.of("mean", "square");
  }

  @Override
  protected final boolean countsSteps() {
    return true;
  }

  @Override
  protected final void change(float[] p, float[] g, float[][] s, int from, int to, Now now) {
    Factors factors = factors(now);
    float[] m = s[0];
    float[] v = s[1];
    float[] bound = amsgrad ? s[2] : v;
    float keep = (float) factors.keep;
    float decay = (float) factors.decay;
    float size = (float) factors.size;
    float root = (float) factors.root;
    float eps = (float) epsilon;
    float sign = (float) now.sign();
    float b1 = (float) beta1;
    float b2 = (float) beta2;
    float fresh1 = (float) (1 - beta1);
    float fresh2 = (float) (1 - beta2);
    for (int i = from; i < to; i++) {
      float gradient = sign * g[i] + decay * p[i];
      m[i] = b1 * m[i] + fresh1 * gradient;
      v[i] = b2 * v[i] + fresh2 * gradient * gradient;
    }
    if (amsgrad) {
      for (int i = from; i < to; i++) {
        bound[i] = Math.max(bound[i], v[i]);
      }
    }
    for (int i = from; i < to; i++) {
      p[i] = keep * p[i] - size * m[i] / (root * (float) Math.sqrt(bound[i]) + eps);
    }
  }

  @Override
  protected final void change(double[] p, double[] g, double[][] s, int from, int to, Now now) {
    Factors factors = factors(now);
    double[] m = s[0];
    double[] v = s[1];
    for (int i = from; i < to; i++) {
      double gradient = now.sign() * g[i] + factors.decay * p[i];
      m[i] = beta1 * m[i] + (1 - beta1) * gradient;
      v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
      double bound = v[i];
      if (amsgrad) {
        s[2][i] = Math.max(s[2][i], v[i]);
        bound = s[2][i];
      }
      p[i] =
          factors.keep * p[i] - factors.size * m[i] / (factors.root * Math.sqrt(bound) + epsilon);
    }
  }

  @Override
  protected void describe(Map<String, Object> options) {
    options.put("beta1", beta1);
    options.put("beta2", beta2);
    options.put("epsilon", epsilon);
    options.put("amsgrad", amsgrad);
  }

  /**
   * Collects the options that the Adam optimizers share.
   *
   * @param <B> the builder itself
   */
  abstract static class Builder<B extends Builder<B>> extends ElementwiseOptimizer.Builder<B> {
    boolean amsgrad;

    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double epsilon;

    Builder(String name, double epsilon) {
      super(name, 1e-3);
      this.epsilon = epsilon;
    }

    /** Sets the shares of the old mean and the old mean square that are kept, in [0, 1). */
    public B betas(double mean, double square) {
      beta1 = Checks.fraction(name, "beta1", mean);
      beta2 = Checks.fraction(name, "beta2", square);
      return self();
    }

    /** Sets what is added to the root, at least 0. */
    public B epsilon(double value) {
      epsilon = Checks.notNegative(name, "epsilon", value);
      return self();
    }
  }
}
