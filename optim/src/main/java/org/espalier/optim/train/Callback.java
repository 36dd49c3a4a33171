package org.espalier.optim.train;

import org.espalier.nn.Module;
import org.espalier.optim.Step;

/**
 * Acts in the training loop; the only way to do so. Callbacks run in list order and never call each
 * other. One that has state of its own is also {@link org.espalier.nn.Stateful}, and is not asked
 * to start an epoch again that is resumed in its middle.
 */
public interface Callback {
  /** Returns the name for messages. */
  String name();

  /** Acts when the run starts, or goes on in any place, on the model that it trains. */
  default void runStart(Module model) {}

  /** Acts before the first step of an epoch. */
  default void epochStart(Epoch epoch) {}

  /**
   * Acts instead of {@link #epochStart} when an epoch goes on in whose middle a run was saved; must
   * change nothing that the snapshot holds.
   */
  default void epochResumed(Epoch epoch) {}

  /** Acts when the gradients of a step are known; may modify them. */
  default void backwardDone(Step step) {}

  /** Acts when the optimizer has changed the parameters. */
  default void stepDone(Step step) {}

  /** Acts behind the last step of an epoch and before the model is evaluated; may cut the model. */
  default void epochDone(Epoch epoch) {}

  /** Acts when the metrics of the epoch are known. */
  default void evaluated(Epoch epoch) {}

  /**
   * Returns how many epochs this callback still needs when early stopping is about to end the run
   * behind this one. They follow, at the rates of the schedule's end, and the best epoch is sought
   * anew among them.
   */
  default int epochsToClose(Epoch epoch) {
    return 0;
  }

  /**
   * Acts when the run is over, not merely interrupted, on the model that it ends with: the best one
   * if that was asked for.
   */
  default void runDone(Module model) {}
}
