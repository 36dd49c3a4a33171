package org.espalier.sparse.prune.unstructured;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Unary;

/**
 * Computes what sparse variational dropout adds to a linear layer (Molchanov, Ashukha and Vetrov,
 * ICML 2017; resource-efficiency survey, P8): every weight has a mean theta and a variance of its
 * own, and those whose noise drowns them go.
 *
 * <pre>
 * log alpha = clip(log sigma² - log(theta² + 1e-8), -8, 8) in the divergence
 * KL = -(k1·sigmoid(k2 + k3·log alpha) - ½·log(1 + 1/alpha) - k1)
 * y = x·thetaᵀ + noise · √(x²·(sigma²)ᵀ)                      while training
 * y = x·(theta ⊙ mask)ᵀ, mask = log alpha < threshold          afterwards
 * </pre>
 *
 * <p>All are functions of values on a tape, with gradients; the loss is that of the task plus
 * {@code KL / samples}, with a factor that rises at first.
 */
public final class SparseVariationalDropout {
  /** The log alpha from which on a weight goes. */
  public static final double DEFAULT_THRESHOLD = 3;

  private static final double K1 = 0.63576;
  private static final double K2 = 1.87320;
  private static final double K3 = 1.48695;
  private static final double TINY = 1e-8;
  private static final double BOUND = 8;

  private SparseVariationalDropout() {}

  /** Returns {@code log sigma² - log(theta² + 1e-8)}, not clipped. */
  public static Var logAlpha(Var theta, Var logVariance) {
    Var square = Ops.affine(Ops.mul(theta, theta), 1, TINY);
    return Ops.sub(logVariance, Ops.pointwise(Unary.LOG, 0, 0, square));
  }

  /** Returns the divergence of each weight from the log-uniform prior; log alpha is clipped. */
  public static Var divergence(Var logAlpha) {
    Var clipped = Ops.clamp(logAlpha, -BOUND, BOUND);
    Var curve = Ops.affine(Ops.sigmoid(Ops.affine(clipped, K3, K2)), -K1, K1);
    // log(1 + 1/alpha) is softplus of -log alpha.
    Var tail = Ops.softplus(Ops.affine(clipped, -1, 0), 1, Double.POSITIVE_INFINITY);
    return Ops.add(curve, Ops.affine(tail, 0.5, 0));
  }

  /** Returns the sum of a matrix, one number. */
  public static Var sum(Var divergence) {
    return Ops.reduce(Reduction.SUM, divergence, "o i -> ");
  }

  /**
   * Returns a layer's output while training, by the local reparameterisation: noise of the output's
   * shape, normal.
   */
  public static Var train(Var x, Var theta, Var logVariance, Var noise) {
    Var mean = Ops.linear(x, theta, null);
    Var variance = Ops.linear(Ops.mul(x, x), Ops.pointwise(Unary.EXP, 0, 0, logVariance), null);
    Var deviation = Ops.pointwise(Unary.SQRT, 0, 0, Ops.affine(variance, 1, TINY * TINY));
    return Ops.add(mean, Ops.mul(noise, deviation));
  }

  /** Returns the mask of the weights that stay: log alpha below a threshold. */
  public static Tensor mask(Tensor logAlpha, double threshold) {
    Shape shape = logAlpha.shape();
    Tensor mask = Tensor.zeros(logAlpha.dtype(), shape);
    for (int i = 0; i < mask.count(); i++) {
      mask.set(i, logAlpha.get(i) < threshold ? 1 : 0);
    }
    return mask;
  }

  /** Returns a layer's output when training is done. */
  public static Var evaluate(Var x, Var theta, Var mask) {
    return Ops.linear(x, Ops.mul(theta, mask), null);
  }
}
