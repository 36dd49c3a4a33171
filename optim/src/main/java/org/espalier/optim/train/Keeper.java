package org.espalier.optim.train;

import java.util.Map;
import org.espalier.nn.Snapshot;
import org.espalier.tensor.StateException;

/** Saves the snapshots {@code last} and {@code best}, and gives the best model back. */
final class Keeper {
  private static final String LAST = "last";
  private static final String BEST = "best";

  private final Trainer trainer;
  private final RunRecord record;
  private Snapshot bestInMemory;
  private long savedUpdates;
  private double savedSeconds;

  Keeper(Trainer trainer, RunRecord record) {
    this.trainer = trainer;
    this.record = record;
    savedUpdates = record.updates;
    savedSeconds = record.secondsBefore();
    if (trainer.restoreBest && record.watch.bestEpoch() >= 0 && !hasStoredBest()) {
      throw new StateException(
          "resume: the best model of the run before is needed in the end, and there is no store that has a snapshot 'best'");
    }
  }

  private boolean hasStoredBest() {
    return trainer.store != null && trainer.store.has(BEST);
  }

  /** Tells whether a snapshot between epochs is due. */
  boolean isDue(double seconds) {
    return trainer.store != null
        && (record.updates - savedUpdates >= trainer.everySteps
            || seconds - savedSeconds >= trainer.everySeconds);
  }

  void saveLast(Map<String, String> claims, double seconds) {
    if (trainer.store != null) {
      trainer.store.save(LAST, record.capture(claims, seconds));
    }
    savedUpdates = record.updates;
    savedSeconds = seconds;
  }

  void keepBest() {
    if (trainer.store != null) {
      trainer.store.save(BEST, record.captureModel());
    } else if (trainer.restoreBest) {
      bestInMemory = record.captureModel();
    }
  }

  void restoreBest() {
    (bestInMemory != null ? bestInMemory : trainer.store.load(BEST)).restore(trainer.model);
  }
}
