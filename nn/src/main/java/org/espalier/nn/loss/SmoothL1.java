package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/**
 * Squares of small and magnitudes of large differences: {@code |d| < beta: d²/(2·beta), else |d| -
 * beta/2}, of an output and a target of equal shape.
 *
 * @param beta where squares end
 * @param reduction what becomes of the single losses; the mean is over all entries
 */
public record SmoothL1(double beta, LossReduction reduction) implements Loss {
  /** Creates the mean with beta 1. */
  public SmoothL1() {
    this(1, LossReduction.MEAN);
  }

  /** Creates the loss. */
  public SmoothL1 {
    Targets.positive("smooth_l1: beta", beta);
  }

  @Override
  public Var of(Pass pass, Var output, Tensor target) {
    return Losses.smoothL1(output, pass.input(target), beta, reduction);
  }
}
