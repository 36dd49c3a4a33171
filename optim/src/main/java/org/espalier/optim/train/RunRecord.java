package org.espalier.optim.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.espalier.nn.Parameter;
import org.espalier.nn.Snapshot;
import org.espalier.nn.Stateful;
import org.espalier.tensor.DType;
import org.espalier.tensor.StateException;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Holds where a run stands, apart from the model: all that a snapshot keeps and a resumed run goes
 * on from. Random streams are counters, so the position is all their state.
 */
final class RunRecord {
  int epoch;
  int step;
  long updates;
  double position;
  double epochSeconds;
  Tally tally = new Tally();
  final Plan plan;
  final Watch watch;
  final List<History.Entry> history = new ArrayList<>();
  final Map<String, String> claims = new LinkedHashMap<>();

  private final Trainer trainer;
  private final int steps;
  private final double secondsBefore;

  /** Starts a record, or goes on with that of the snapshot to resume, model included. */
  RunRecord(Trainer trainer, int steps) {
    this.trainer = trainer;
    this.steps = steps;
    plan = new Plan(trainer.epochs, trainer.scheduleEpochs, trainer.budgetSeconds);
    watch = new Watch(trainer.goal, trainer.leastChange);
    secondsBefore = trainer.resumed == null ? 0 : resume(trainer.resumed);
  }

  /** Returns the seconds that the run took before this process. */
  double secondsBefore() {
    return secondsBefore;
  }

  /** Moves on to the next epoch. */
  void closeEpoch(History.Entry entry) {
    history.add(entry);
    epoch++;
    step = 0;
    epochSeconds = 0;
    tally = new Tally();
  }

  /** Returns everything, to be resumed; refused when a value is not finite. */
  Snapshot capture(Map<String, String> claimed, double seconds) {
    requireFinite();
    Map<String, Object> training = new LinkedHashMap<>();
    training.put("seed", trainer.seed);
    training.put("epoch", (long) epoch);
    training.put("step", (long) step);
    training.put("steps", (long) steps);
    training.put("updates", updates);
    training.put("position", position);
    training.put("seconds", seconds);
    training.put("epochSeconds", epochSeconds);
    training.put("kernels", kernels());
    training.put("optimizer", trainer.optimizer.describe());
    training.put("plan", plan.state());
    training.put("watch", watch.state());
    training.put("tally", tally.state());
    training.put("claims", new LinkedHashMap<String, Object>(claimed));
    training.put("frozen", frozen());
    training.put("history", history.stream().map(History.Entry::state).toList());
    training.put("states", states());
    return Snapshot.of(trainer.model, meta(), training);
  }

  /** Returns the model alone, without slots and record; refused when a value is not finite. */
  Snapshot captureModel() {
    requireFinite();
    return Snapshot.of(trainer.model, meta());
  }

  private void requireFinite() {
    String diverged = Diagnosis.nonFiniteParameter(trainer.model);
    if (diverged != null) {
      throw new DivergedException(
          "train: %s is not finite before epoch %d, step %d; nothing was saved over the last snapshot"
              .formatted(diverged, epoch, step));
    }
  }

  private Map<String, Object> meta() {
    Map<String, Object> meta = new LinkedHashMap<>(trainer.meta);
    meta.putIfAbsent("seed", trainer.seed);
    meta.putIfAbsent("kernels", kernels());
    return meta;
  }

  private static String kernels() {
    return KernelLookup.of(DType.F32).name();
  }

  private List<Object> frozen() {
    return trainer.model.state().entrySet().stream()
        .filter(entry -> !entry.getValue().isBuffer() && !entry.getValue().isTrainable())
        .map(entry -> (Object) entry.getKey())
        .toList();
  }

  private List<Stateful> statefuls() {
    List<Stateful> found = new ArrayList<>();
    if (trainer.schedule instanceof Stateful stateful) {
      found.add(stateful);
    }
    if (trainer.task instanceof Stateful stateful) {
      found.add(stateful);
    }
    for (Callback callback : trainer.callbacks) {
      if (callback instanceof Stateful stateful) {
        found.add(stateful);
      }
    }
    return found;
  }

  private Map<String, Object> states() {
    Map<String, Object> states = new LinkedHashMap<>();
    for (Stateful stateful : statefuls()) {
      if (states.put(stateful.stateName(), stateful.state()) != null) {
        throw new StateException(
            "train: two states are named '%s'; give the callbacks names of their own"
                .formatted(stateful.stateName()));
      }
    }
    return states;
  }

  private double resume(Snapshot snapshot) {
    Map<String, Object> training = snapshot.training();
    checkSame(training);
    snapshot.restore(trainer.model);
    epoch = (int) Plain.integer(training, "epoch");
    step = (int) Plain.integer(training, "step");
    updates = Plain.integer(training, "updates");
    position = Plain.number(training, "position");
    epochSeconds = Plain.number(training, "epochSeconds");
    plan.restore(Plain.map(training, "plan"));
    watch.restore(Plain.map(training, "watch"));
    tally = Tally.of(Plain.map(training, "tally"));
    Plain.map(training, "claims").forEach((path, name) -> claims.put(path, name.toString()));
    restoreFrozen(Plain.list(training, "frozen"));
    for (Object entry : Plain.list(training, "history")) {
      history.add(History.Entry.of(Plain.map(Map.of("entry", entry), "entry")));
    }
    Map<String, Object> states = Plain.map(training, "states");
    statefuls().forEach(stateful -> stateful.restoreState(Plain.map(states, stateful.stateName())));
    return Plain.number(training, "seconds");
  }

  private void checkSame(Map<String, Object> training) {
    requireEqual("seed", Plain.integer(training, "seed"), trainer.seed);
    requireEqual("number of steps an epoch", Plain.integer(training, "steps"), (long) steps);
    checkSameOptimizer(Plain.map(training, "optimizer"), trainer.optimizer.describe());
    Set<String> known = statefuls().stream().map(Stateful::stateName).collect(Collectors.toSet());
    requireEqual("set of callbacks with state", Plain.map(training, "states").keySet(), known);
  }

  /** Names the first option that differs, which says more than two whole lists. */
  private static void checkSameOptimizer(Map<String, Object> saved, Map<String, Object> now) {
    requireEqual("optimizer", saved.get("optimizer"), now.get("optimizer"));
    now.forEach(
        (option, value) ->
            requireEqual(
                "optimizer's " + option, String.valueOf(saved.get(option)), String.valueOf(value)));
  }

  private static void requireEqual(String what, Object saved, Object now) {
    if (!saved.equals(now)) {
      throw new IllegalArgumentException(
          "resume: the %s of the snapshot is %s, now it is %s; resume with the options of the run"
              .formatted(what, saved, now));
    }
  }

  private void restoreFrozen(List<?> paths) {
    for (Map.Entry<String, Parameter> entry : trainer.model.state().entrySet()) {
      entry.getValue().setTrainable(!paths.contains(entry.getKey()));
    }
  }

  /** Returns the kernel set of the snapshot if it is another one than now, else null. */
  String otherKernels() {
    if (trainer.resumed == null) {
      return null;
    }
    String before = Plain.of(trainer.resumed.training(), "kernels", String.class);
    return before.equals(kernels()) ? null : before;
  }
}
