package org.espalier.optim.train;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Batch;
import org.espalier.optim.Plateau;
import org.espalier.optim.Rate;
import org.espalier.tensor.Random;

/** Is one run of a trainer: the loop. */
final class TrainingRun {
  private static final System.Logger LOGGER = System.getLogger(TrainingRun.class.getName());

  private final Trainer trainer;
  private final Stepper stepper;
  private final RunRecord record;
  private final Keeper keeper;
  private final int steps;
  private final long startedAt;
  private long samplesHere;
  private long stepsHere;

  TrainingRun(Trainer trainer) {
    this.trainer = trainer;
    this.startedAt = trainer.clock.getAsLong();
    this.steps = (trainer.train.count() + trainer.accumulate - 1) / trainer.accumulate;
    trainer.model.initialize(trainer.seed);
    this.stepper = new Stepper(trainer);
    this.record = new RunRecord(trainer, steps);
    this.keeper = new Keeper(trainer, record);
  }

  History run() {
    logStart();
    trainer.callbacks.forEach(callback -> callback.runStart(trainer.model));
    while (!isOver()) {
      if (!finishEpoch()) {
        return end(History.End.INTERRUPTED);
      }
    }
    boolean early = record.epoch < record.plan.epochs() || record.plan.isClosing();
    if (trainer.restoreBest && record.watch.bestEpoch() >= 0) {
      keeper.restoreBest();
    }
    trainer.callbacks.forEach(callback -> callback.runDone(trainer.model));
    return end(early ? History.End.STOPPED_EARLY : History.End.COMPLETED);
  }

  private boolean isOver() {
    return record.epoch >= record.plan.epochs()
        || (record.step == 0 && record.watch.hasWaited(trainer.patience));
  }

  private double elapsed() {
    return record.secondsBefore() + (trainer.clock.getAsLong() - startedAt) * 1e-9;
  }

  /** Runs what is left of an epoch; returns false if the run is to end here, to be resumed. */
  private boolean finishEpoch() {
    double epochStart = elapsed() - record.epochSeconds;
    Epoch epoch = open();
    if (!finishSteps(epoch, epochStart)) {
      return false;
    }
    close(epoch, epochStart);
    return !trainer.isStopRequested() || isOver();
  }

  private Epoch open() {
    Random random = Random.of(trainer.seed).stream("callback");
    Epoch epoch = new Epoch(trainer.model, trainer.optimizer, record.epoch, record.plan, random);
    epoch.claims().putAll(record.claims);
    record.claims.clear();
    if (record.step == 0) {
      trainer.callbacks.forEach(callback -> callback.epochStart(epoch));
    } else {
      trainer.callbacks.forEach(callback -> callback.epochResumed(epoch));
    }
    return epoch;
  }

  private boolean finishSteps(Epoch epoch, double epochStart) {
    int first = Math.min(record.step * trainer.accumulate, trainer.train.count());
    Iterator<Batch> batches = trainer.train.epoch(record.epoch, first);
    try {
      boolean goesOn = true;
      while (goesOn && record.step < steps) {
        step(batches);
        double now = elapsed();
        record.epochSeconds = now - epochStart;
        goesOn = record.epoch > 0 || record.plan.stepDone(record.step, steps, now);
        if (goesOn && (trainer.isStopRequested() || keeper.isDue(now))) {
          keeper.saveLast(epoch.claims(), now);
        }
        if (goesOn && trainer.isStopRequested()) {
          return false;
        }
      }
      return true;
    } finally {
      Closing.close(batches);
    }
  }

  private void step(Iterator<Batch> batches) {
    double before = record.position;
    record.position = record.plan.position(record.epoch, record.step, steps);
    if (record.updates > 0 && trainer.schedule.restarts(before, record.position)) {
      trainer.optimizer.restart(trainer.model.parameters());
    }
    Rate rate = rate();
    samplesHere += stepper.step(batches, record.epoch, record.step, rate, record.tally);
    stepsHere++;
    record.step++;
    record.updates++;
    trainer.progress.accept(progress(rate));
  }

  private Rate rate() {
    return trainer.schedule.at(record.position, record.updates);
  }

  private void close(Epoch epoch, double epochStart) {
    double rate = rate().of(trainer.optimizer.rate());
    record.plan.firstStepsDone(steps, elapsed());
    Diagnosis.checkFinite(trainer.model, record.epoch);
    record.tally.metrics("train").forEach(epoch::metric);
    trainer.callbacks.forEach(callback -> callback.epochDone(epoch));
    trainer.validation.measure(trainer.model).forEach(epoch::metric);
    trainer.callbacks.forEach(callback -> callback.evaluated(epoch));
    if (record.epoch == 0) {
      record.plan.firstEpochDone(elapsed());
    } else {
      record.plan.epochDone(record.epoch + 1, elapsed() - epochStart, elapsed());
    }
    double watched = watched(epoch);
    if (trainer.schedule instanceof Plateau plateau) {
      plateau.observe(watched, trainer.optimizer.rate());
    }
    boolean best = record.watch.isBest(watched, record.epoch, size());
    Map<String, Double> metrics = new LinkedHashMap<>(epoch.metrics());
    History.Entry entry = new History.Entry(record.epoch, rate, elapsed() - epochStart, metrics);
    record.closeEpoch(entry);
    if (best) {
      keeper.keepBest();
    }
    if (record.watch.hasWaited(trainer.patience)) {
      closeRun(epoch);
    }
    // Logged before it is saved: a run killed in between logs the epoch twice, never not at all.
    logEpoch(entry, epoch, best);
    keeper.saveLast(Map.of(), elapsed());
  }

  /** Lets callbacks end the run in good order where early stopping would end it at once. */
  private void closeRun(Epoch epoch) {
    int more = trainer.callbacks.stream().mapToInt(c -> c.epochsToClose(epoch)).max().orElse(0);
    int left = record.plan.epochs() - record.epoch;
    if (more > 0 && left > 0) {
      if (more < left) {
        record.plan.close(record.epoch + more);
      }
      record.watch.startAnew();
    }
  }

  private double watched(Epoch epoch) {
    Double value = epoch.metrics().get(trainer.watched);
    if (value == null) {
      throw new IllegalArgumentException(
          "trainer: no metric '%s' to watch, there are %s"
              .formatted(trainer.watched, epoch.metrics().keySet()));
    }
    return value;
  }

  private long size() {
    return trainer.model.state().values().stream()
        .mapToLong(parameter -> parameter.shape().count())
        .sum();
  }

  private Progress progress(Rate rate) {
    double here = Math.max(elapsed() - record.secondsBefore(), 1e-9);
    long left = (long) (record.plan.epochs() - record.epoch) * steps - record.step;
    double budgetLeft = record.plan.left(elapsed());
    return new Progress(
        record.epoch,
        record.plan.epochs(),
        record.step,
        steps,
        record.tally.loss(),
        record.tally.accuracy(),
        rate.of(trainer.optimizer.rate()),
        samplesHere / here,
        Double.isNaN(budgetLeft) ? here / stepsHere * left : Math.max(budgetLeft, 0));
  }

  private void logStart() {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("event", "start");
    entry.put("seed", trainer.seed);
    entry.put("epochs", (long) record.plan.epochs());
    entry.put("steps", (long) steps);
    entry.put("epoch", (long) record.epoch);
    entry.put("step", (long) record.step);
    entry.put(
        "parameters", trainer.model.parameters().stream().mapToLong(p -> p.shape().count()).sum());
    trainer.optimizer.describe().forEach((name, value) -> entry.putIfAbsent(name, flat(value)));
    String other = record.otherKernels();
    if (other != null) {
      entry.put("kernels_before", other);
      LOGGER.log(
          System.Logger.Level.WARNING,
          "resume: the snapshot was made with the kernels ''{0}'', these are others; the run will not be bit-identical",
          other);
    }
    trainer.log.accept(entry);
  }

  private static Object flat(Object value) {
    return value instanceof Map || value instanceof List ? value.toString() : value;
  }

  private void logEpoch(History.Entry measured, Epoch epoch, boolean best) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("event", "epoch");
    entry.put("epoch", (long) measured.epoch());
    entry.put("epochs", (long) record.plan.epochs());
    entry.put("rate", measured.rate());
    entry.put("seconds", measured.seconds());
    entry.putAll(measured.metrics());
    entry.put("best", best);
    entry.putAll(epoch.notes());
    trainer.log.accept(entry);
  }

  private History end(History.End end) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("event", "end");
    entry.put("end", end.name());
    entry.put("epochs", (long) record.history.size());
    entry.put("seconds", elapsed());
    entry.put("best_epoch", (long) record.watch.bestEpoch());
    trainer.log.accept(entry);
    return new History(
        List.copyOf(record.history), end, record.watch.bestEpoch(), record.watch.best());
  }
}
