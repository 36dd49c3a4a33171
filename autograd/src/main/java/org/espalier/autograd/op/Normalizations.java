package org.espalier.autograd.op;

import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;

/**
 * Offers every normalisation by x's own statistics as a plain call (layers reference, section 3):
 * {@code gamma · (x - mean) / √(variance + eps) + beta}. Gamma and beta may be null; given
 * statistics make it {@link Ops#scale}.
 */
public final class Normalizations {
  private Normalizations() {}

  /** Normalises each channel over the batch; gamma and beta {@code [c]}. See {@link BatchNorm}. */
  public static Var batchNorm(Var x, Var gamma, Var beta, double eps) {
    return Tape.run(new BatchNorm(eps), x, gamma, beta);
  }

  /**
   * Returns {@code max(batchNorm(x), 0)} by one call, for passes whose calls nobody reads but the
   * gradient.
   */
  public static Var batchNormRelu(Var x, Var gamma, Var beta, double eps) {
    return Tape.run(new BatchNorm(eps, true), x, gamma, beta);
  }

  /** Normalises the trailing axes together; gamma and beta of their shape. */
  public static Var layerNorm(Var x, Var gamma, Var beta, int axes, double eps) {
    return Tape.run(new LayerNorm(axes, eps), x, gamma, beta);
  }

  /** Normalises each channel of each sample; gamma and beta {@code [c]}. */
  public static Var instanceNorm(Var x, Var gamma, Var beta, double eps) {
    return Tape.run(new InstanceNorm(eps), x, gamma, beta);
  }

  /** Normalises groups of channels of each sample; gamma and beta {@code [c]}. */
  public static Var groupNorm(Var x, Var gamma, Var beta, int groups, double eps) {
    return Tape.run(new GroupNorm(groups, eps), x, gamma, beta);
  }

  /** Normalises each sample, eps outside the root; gamma and beta {@code [1]}. */
  public static Var instanceNormKerasContrib(Var x, Var gamma, Var beta, double eps) {
    return Tape.run(new SampleNorm(eps), x, gamma, beta);
  }
}
