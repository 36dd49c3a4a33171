package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/**
 * Cross entropy of logits and probabilities, {@code -Σ t·log softmax(x)}, both {@code [..., c]}.
 *
 * @param weights one weight a class {@code [c]}, or null
 * @param labelSmoothing share e of {@code (1-e)·t + e/C}, in [0, 1]
 * @param reduction what becomes of the positions' losses
 */
public record SoftCrossEntropy(Tensor weights, double labelSmoothing, LossReduction reduction)
    implements Loss {
  /** Creates the mean without weights and smoothing. */
  public SoftCrossEntropy() {
    this(null, 0, LossReduction.MEAN);
  }

  /** Creates the loss. */
  public SoftCrossEntropy {
    Targets.probability("soft_cross_entropy: label smoothing", labelSmoothing);
  }

  @Override
  public Var of(Pass pass, Var output, Tensor target) {
    return Losses.softCrossEntropy(
        output, pass.input(target), Targets.constant(pass, weights), labelSmoothing, reduction);
  }
}
