package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/**
 * Binary cross entropy of logits and probabilities of equal shape {@code [..., c]}; the mean is
 * over all entries.
 *
 * @param weights one weight a class {@code [c]}, or null
 * @param positiveWeights weight of the positive part a class {@code [c]}, or null
 * @param reduction what becomes of the single losses
 */
public record BceWithLogits(Tensor weights, Tensor positiveWeights, LossReduction reduction)
    implements Loss {
  /** Creates the mean without weights. */
  public BceWithLogits() {
    this(null, null, LossReduction.MEAN);
  }

  @Override
  public Var of(Pass pass, Var output, Tensor target) {
    return Losses.bceWithLogits(
        output,
        pass.input(target),
        Targets.constant(pass, weights),
        Targets.constant(pass, positiveWeights),
        reduction);
  }
}
