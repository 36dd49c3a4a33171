package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/** Says how far outputs are from their targets: what training lowers. */
@FunctionalInterface
public interface Loss {
  /**
   * Returns the loss of a batch: one number, unless the reduction is NONE.
   *
   * @param pass the pass of the output
   * @param output what the model gave
   * @param target the batch's targets, not modified
   */
  Var of(Pass pass, Var output, Tensor target);
}
