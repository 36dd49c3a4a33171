package org.espalier.optim.train;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Says how many epochs a run has, and where in its schedule a step is. Without a time budget the
 * number of epochs is given; with one it is planned when the first epoch was measured, made shorter
 * where later ones take much longer, and part of every snapshot, so that a resumed run keeps it.
 * Whether the first epoch is the only one shows in its middle, early enough for the rates to fall;
 * if it alone uses up the budget it ends there. Early stopping may bring the end nearer.
 */
final class Plan {
  /** Share of the budget by which a run may be late before its plan is made shorter. */
  private static final double TOLERANCE = 0.1;

  private final int scheduleEpochs;
  private final double budget;
  private int epochs;
  private boolean planned;
  private boolean cutShort;
  private boolean closing;
  private boolean restored;
  private double quarterTime = Double.NaN;
  private int quarterSteps;
  private double halfTime = Double.NaN;
  private int halfSteps;
  private double stepSeconds;
  private double endTime;

  /**
   * Creates a plan.
   *
   * @param nominal the epochs of the run; under a budget only until they are planned
   * @param scheduleEpochs the epochs that the schedule was made for
   * @param budget seconds, infinite for no budget
   */
  Plan(int nominal, int scheduleEpochs, double budget) {
    this.scheduleEpochs = scheduleEpochs;
    this.budget = budget;
    this.epochs = nominal;
    this.planned = budget == Double.POSITIVE_INFINITY;
  }

  int epochs() {
    return epochs;
  }

  /** Returns the seconds left of the budget before there is a plan, NaN when there is one. */
  double left(double elapsed) {
    return planned ? Double.NaN : budget - elapsed;
  }

  boolean isPlanned() {
    return planned;
  }

  /** Tells whether the first epoch ended before its time. */
  boolean isCutShort() {
    return cutShort;
  }

  /** Ends the run after so many epochs in all, which is sooner than planned. */
  void close(int soonerEpochs) {
    epochs = soonerEpochs;
    closing = true;
  }

  /** Tells whether the end came nearer than it was planned. */
  boolean isClosing() {
    return closing;
  }

  /**
   * Returns the epoch of the schedule whose rate a step takes: the run is divided into as many
   * equal parts as the schedule has epochs, and it is the part in which the step ends: {@code
   * ⌈(epoch + (step + 1)/steps) · scheduleEpochs / epochs⌉ - 1}. So the last step takes the
   * schedule's last rate, however many epochs there are.
   */
  long position(int epoch, int step, int steps) {
    return (((long) epoch * steps + step + 1) * scheduleEpochs - 1) / ((long) epochs * steps);
  }

  /**
   * Takes the time after a step of the first epoch; tells whether the epoch goes on.
   *
   * @param elapsed seconds since the run began
   */
  boolean stepDone(int done, int steps, double elapsed) {
    if (budget == Double.POSITIVE_INFINITY || done == steps) {
      return true;
    }
    measure(done, steps, elapsed);
    if (elapsed >= budget) {
      planned = true;
      cutShort = true;
      epochs = 1;
    }
    return !cutShort;
  }

  private void measure(int done, int steps, double elapsed) {
    if (Double.isNaN(quarterTime) && done >= steps / 4) {
      quarterTime = elapsed;
      quarterSteps = done;
    } else if (Double.isNaN(halfTime) && done >= steps / 2) {
      halfTime = elapsed;
      halfSteps = done;
      double aStep = (elapsed - quarterTime) / (done - quarterSteps);
      if (!planned && budget - elapsed < aStep * (2 * steps - done)) {
        epochs = 1;
        planned = true;
      }
    }
  }

  /** Takes the time after the last step of the first epoch: a second one follows if it fits. */
  void firstStepsDone(int steps, double elapsed) {
    if (planned) {
      return;
    }
    // The first half of the epoch warms up the compiler and does not count.
    stepSeconds =
        Double.isNaN(halfTime) ? elapsed : (elapsed - halfTime) / (steps - halfSteps) * steps;
    endTime = elapsed;
    if (budget - elapsed < stepSeconds) {
      epochs = 1;
      planned = true;
    }
  }

  /** Plans the epochs when the first one is done and its evaluation measured. */
  void firstEpochDone(double elapsed) {
    if (planned) {
      return;
    }
    double epochSeconds = Math.max(stepSeconds + elapsed - endTime, 1e-9);
    double more = Math.floor((budget - elapsed) / epochSeconds);
    epochs = 1 + (int) Math.max(1, Math.min(more, 1_000_000));
    planned = true;
  }

  /**
   * Takes the time of a later epoch: where the machine became so slow that the run would overdraw
   * its budget by more than a tenth, as many epochs follow as fit, one at least, and the rest of
   * the schedule with them. A plan never grows again: what was begun for the end of a run, such as
   * held zeros, stays begun.
   *
   * @param done epochs done in all
   * @param seconds what the last one took
   */
  void epochDone(int done, double seconds, double elapsed) {
    double left = budget - elapsed;
    boolean mayChange = done < epochs && !closing && !restored;
    if (mayChange && (epochs - done) * seconds > left + TOLERANCE * budget) {
      epochs = done + (int) Math.max(1, Math.round(left / seconds));
    }
  }

  Map<String, Object> state() {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("epochs", (long) epochs);
    state.put("timed", planned && budget < Double.POSITIVE_INFINITY);
    state.put("cutShort", cutShort);
    state.put("closing", closing);
    return state;
  }

  /**
   * Goes on with the plan of a snapshot, if that run had a time budget and had planned, or was
   * closing.
   */
  void restore(Map<String, Object> state) {
    boolean timed = Plain.of(state, "timed", Boolean.class);
    closing = Plain.of(state, "closing", Boolean.class);
    cutShort = Plain.of(state, "cutShort", Boolean.class);
    if (timed || closing) {
      epochs = (int) Plain.integer(state, "epochs");
      planned = true;
      restored = true;
    }
  }
}
