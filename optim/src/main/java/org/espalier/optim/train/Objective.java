package org.espalier.optim.train;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/** Says how far outputs are from their targets: the loss that training lowers. */
@FunctionalInterface
public interface Objective {
  /**
   * Returns the mean loss of a batch, one number.
   *
   * @param pass the pass of the output
   * @param output what the model gave
   * @param target the batch's targets, not modified
   */
  Var loss(Pass pass, Var output, Tensor target);

  /** Returns the cross entropy of logits {@code [..., c]} and I32 classes. */
  static Objective crossEntropy() {
    return crossEntropy(0);
  }

  /** Returns the cross entropy with a share of the target spread evenly over all classes. */
  static Objective crossEntropy(double labelSmoothing) {
    return (pass, output, target) ->
        Losses.crossEntropy(
            output,
            pass.input(target),
            null,
            Losses.IGNORE_INDEX,
            labelSmoothing,
            LossReduction.MEAN);
  }

  /** Returns the mean square of differences to F32 targets of the output's shape. */
  static Objective meanSquare() {
    return (pass, output, target) -> Losses.mse(output, pass.input(target), LossReduction.MEAN);
  }
}
