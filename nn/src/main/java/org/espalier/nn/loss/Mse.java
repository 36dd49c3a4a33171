package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/**
 * Squares of differences, {@code (x-t)²}, of an output and a target of equal shape.
 *
 * @param reduction what becomes of the single losses; the mean is over all entries
 */
public record Mse(LossReduction reduction) implements Loss {
  /** Creates the mean. */
  public Mse() {
    this(LossReduction.MEAN);
  }

  @Override
  public Var of(Pass pass, Var output, Tensor target) {
    return Losses.mse(output, pass.input(target), reduction);
  }
}
