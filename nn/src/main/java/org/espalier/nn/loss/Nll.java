package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/**
 * Negative log-likelihood of I32 classes {@code [...]} under log-probabilities {@code [..., c]}.
 *
 * @param weights one weight a class {@code [c]}, or null; the mean divides by the targets' weights
 * @param ignoreIndex the target that contributes nothing
 * @param reduction what becomes of the single losses
 */
public record Nll(Tensor weights, int ignoreIndex, LossReduction reduction) implements Loss {
  /** Creates the mean without weights. */
  public Nll() {
    this(null, Losses.IGNORE_INDEX, LossReduction.MEAN);
  }

  @Override
  public Var of(Pass pass, Var output, Tensor target) {
    return Losses.nll(
        output, pass.input(target), Targets.constant(pass, weights), ignoreIndex, reduction);
  }
}
