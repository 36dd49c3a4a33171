package org.espalier.optim.train;

import org.espalier.autograd.Var;
import org.espalier.nn.Batch;
import org.espalier.nn.Pass;
import org.espalier.nn.loss.Loss;

/**
 * Says what training lowers, where that is more than a {@link Loss} of outputs and targets: it sees
 * the whole batch and what the model does inside. Parameters of its own that it puts on the pass
 * train along with the model's. One that has state to be kept in snapshots is also {@link
 * org.espalier.nn.Stateful}.
 */
@FunctionalInterface
public interface Task {
  /** Prepares a pass before the model runs in it: {@link Pass#observe asks} for inner values. */
  default void begin(Pass pass) {}

  /**
   * Returns the loss of a batch, one number.
   *
   * @param pass the pass of the output
   * @param output what the model gave
   * @param batch the batch, not modified
   */
  Var loss(Pass pass, Var output, Batch batch);

  /** Returns the task of lowering a loss of outputs and targets. */
  static Task of(Loss loss) {
    return (pass, output, batch) -> loss.of(pass, output, batch.y());
  }
}
