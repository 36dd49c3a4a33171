package org.espalier.optim.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.optim.Goal;

/** Remembers the best value of a metric and how many epochs have passed since. */
final class Watch {
  private final Goal goal;
  private final double leastChange;
  private double best;
  private long bestEpoch = -1;
  private long bestSize;
  private long waited;

  Watch(Goal goal, double leastChange) {
    this.goal = goal;
    this.leastChange = leastChange;
    this.best = goal.worst();
  }

  /**
   * Takes the value of an epoch and tells whether it is the best. A model of another size, or with
   * other parametrizations, is another model: its first value starts anew, since the best of before
   * no longer fits it.
   */
  boolean isBest(double value, int epoch, long size) {
    double bound = goal == Goal.MINIMIZE ? best - leastChange : best + leastChange;
    boolean first = bestEpoch < 0 || size != bestSize || Double.isNaN(best);
    if (first || goal.isBetter(value, bound)) {
      best = value;
      bestEpoch = epoch;
      bestSize = size;
      waited = 0;
      return true;
    }
    waited++;
    return false;
  }

  boolean hasWaited(int patience) {
    return waited >= patience;
  }

  /** Forgets all values: the next is the best. */
  void startAnew() {
    best = goal.worst();
    bestEpoch = -1;
    waited = 0;
  }

  double best() {
    return best;
  }

  int bestEpoch() {
    return (int) bestEpoch;
  }

  Map<String, Object> state() {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("best", best);
    state.put("bestEpoch", bestEpoch);
    state.put("bestSize", bestSize);
    state.put("waited", waited);
    return state;
  }

  void restore(Map<String, Object> state) {
    best = Plain.number(state, "best");
    bestEpoch = Plain.integer(state, "bestEpoch");
    bestSize = Plain.integer(state, "bestSize");
    waited = Plain.integer(state, "waited");
  }
}
