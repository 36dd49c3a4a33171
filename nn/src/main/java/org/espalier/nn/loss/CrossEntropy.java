package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/**
 * Cross entropy of logits {@code [..., c]} and I32 classes {@code [...]}.
 *
 * @param weights one weight a class {@code [c]}, or null; the mean divides by the targets' weights
 * @param ignoreIndex the target that contributes nothing; a batch of nothing else is refused
 * @param labelSmoothing share of the target spread evenly over all classes, in [0, 1]
 * @param reduction what becomes of the single losses
 */
public record CrossEntropy(
    Tensor weights, int ignoreIndex, double labelSmoothing, LossReduction reduction)
    implements Loss {
  /** Creates the mean without weights and smoothing. */
  public CrossEntropy() {
    this(0);
  }

  /** Creates the mean with smoothing. */
  public CrossEntropy(double labelSmoothing) {
    this(null, Losses.IGNORE_INDEX, labelSmoothing, LossReduction.MEAN);
  }

  /** Creates the loss. */
  public CrossEntropy {
    Targets.probability("cross_entropy: label smoothing", labelSmoothing);
  }

  @Override
  public Var of(Pass pass, Var output, Tensor target) {
    return Losses.crossEntropy(
        output,
        pass.input(target),
        Targets.constant(pass, weights),
        ignoreIndex,
        labelSmoothing,
        reduction);
  }
}
