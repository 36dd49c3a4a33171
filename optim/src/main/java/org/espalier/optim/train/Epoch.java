package org.espalier.optim.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.optim.Optimizer;
import org.espalier.tensor.Random;
import org.espalier.tensor.StateException;

/** Is what callbacks see of an epoch, and where they announce what they do in it. */
public final class Epoch {
  private final Module model;
  private final Optimizer optimizer;
  private final int index;
  private final Plan plan;
  private final Random random;
  private final Map<String, String> claims = new LinkedHashMap<>();
  private final Map<String, Double> metrics = new LinkedHashMap<>();
  private final Map<String, Object> notes = new LinkedHashMap<>();

  Epoch(Module model, Optimizer optimizer, int index, Plan plan, Random random) {
    this.model = model;
    this.optimizer = optimizer;
    this.index = index;
    this.plan = plan;
    this.random = random;
  }

  /** Returns the model, which callbacks may change. */
  public Module model() {
    return model;
  }

  /** Returns the optimizer of the run. */
  public Optimizer optimizer() {
    return optimizer;
  }

  /** Returns the number of this epoch, from 0. */
  public int index() {
    return index;
  }

  /**
   * Returns how many epochs the run has. Under a time budget this is known when the first epoch is
   * done; before, it is the number the schedule was made for.
   */
  public int epochs() {
    return plan.epochs();
  }

  /** Tells whether no epoch follows, as far as is known. */
  public boolean isLast() {
    return plan.isPlanned() && index == plan.epochs() - 1;
  }

  /** Returns the random stream of a callback in this epoch. */
  public Random random(String purpose) {
    return random.stream(purpose).at(index);
  }

  /**
   * Announces that a callback cuts a parameter in this epoch; refused if another one did: they
   * would undo each other's choice.
   */
  public void claim(Parameter parameter, String callback) {
    String owner = claims.putIfAbsent(parameter.name(), callback);
    if (owner != null && !owner.equals(callback)) {
      throw new StateException(
          "epoch %d: '%s' and '%s' both cut %s; give them different parameters or epochs"
              .formatted(index, owner, callback, parameter.name()));
    }
  }

  Map<String, String> claims() {
    return claims;
  }

  /** Returns the metrics known so far by name: {@code train_loss}, {@code val_accuracy}, ... */
  public Map<String, Double> metrics() {
    return Collections.unmodifiableMap(metrics);
  }

  /** Adds a metric, which can be watched and is logged. */
  public void metric(String name, double value) {
    metrics.put(name, value);
  }

  /** Adds a plain value to the log record of this epoch. */
  public void note(String key, Object value) {
    notes.put(key, value);
  }

  Map<String, Object> notes() {
    return notes;
  }
}
