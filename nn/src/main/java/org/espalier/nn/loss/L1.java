package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/**
 * Magnitudes of differences, {@code |x-t|}, of an output and a target of equal shape.
 *
 * @param reduction what becomes of the single losses; the mean is over all entries
 */
public record L1(LossReduction reduction) implements Loss {
  /** Creates the mean. */
  public L1() {
    this(LossReduction.MEAN);
  }

  @Override
  public Var of(Pass pass, Var output, Tensor target) {
    return Losses.l1(output, pass.input(target), reduction);
  }
}
