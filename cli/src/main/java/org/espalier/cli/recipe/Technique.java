package org.espalier.cli.recipe;

import java.io.IOException;
import org.espalier.nn.Module;
import org.espalier.optim.Optimizer;
import org.espalier.optim.train.Trainer;

/**
 * Is one technique of one run, read from its words. A run asks in this order: {@link #check} before
 * anything is read, {@link #prepare} on a fresh model, {@link #optimizer} and {@link #attach} when
 * the trainer is built (of a resumed run too), {@link #finish} when it is over.
 */
public interface Technique {
  /** Returns what it is. */
  Kind kind();

  /** Says what it does in a run of so many epochs; 0 where that is not known yet. */
  String describe(int epochs);

  /** Refuses other options of the run that it cannot do with. */
  default void check(Terms terms) {}

  /**
   * Changes a fresh, initialised model before its first step, or refuses one it can do nothing
   * with. What it attaches is saved with the model: a resumed run has it already.
   */
  default void prepare(Module model, Site site) {}

  /** Returns the optimizer that the run takes in place of the one that was named. */
  default Optimizer optimizer(Optimizer named, Site site) {
    return named;
  }

  /** Takes part in the run: adds callbacks to the trainer, or another task. */
  void attach(Trainer.Builder trainer, Site site);

  /** Turns the trained model into what the run leaves, and shows the steps in between. */
  void finish(Ending ending) throws IOException;
}
