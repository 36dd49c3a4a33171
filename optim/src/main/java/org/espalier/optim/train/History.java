package org.espalier.optim.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Is the result of a run.
 *
 * @param epochs what was measured in each epoch, those before a resume included
 * @param end why the run ended
 * @param bestEpoch the epoch of the best watched metric, -1 if none was measured
 * @param best its value
 */
public record History(List<Entry> epochs, End end, int bestEpoch, double best) {
  /** Says why a run ended. */
  public enum End {
    /** All epochs were run. */
    COMPLETED,
    /** The watched metric did not improve any more. */
    STOPPED_EARLY,
    /** Somebody asked for it; the snapshot {@code last} resumes. */
    INTERRUPTED
  }

  /**
   * Holds what was measured in one epoch.
   *
   * @param epoch the epoch, from 0
   * @param rate the learning rate of its end
   * @param seconds how long it took
   * @param metrics metrics by name, such as {@code train_loss} and {@code val_accuracy}
   */
  public record Entry(int epoch, double rate, double seconds, Map<String, Double> metrics) {
    Map<String, Object> state() {
      Map<String, Object> state = new LinkedHashMap<>();
      state.put("epoch", (long) epoch);
      state.put("rate", rate);
      state.put("seconds", seconds);
      state.put("metrics", new LinkedHashMap<String, Object>(metrics));
      return state;
    }

    static Entry of(Map<String, Object> state) {
      Map<String, Object> stored = Plain.map(state, "metrics");
      Map<String, Double> metrics = new LinkedHashMap<>();
      stored.keySet().forEach(name -> metrics.put(name, Plain.number(stored, name)));
      return new Entry(
          (int) Plain.integer(state, "epoch"),
          Plain.number(state, "rate"),
          Plain.number(state, "seconds"),
          metrics);
    }
  }

  /** Returns the values of a metric, one an epoch; NaN where it was not measured. */
  public List<Double> metric(String name) {
    List<Double> values = new ArrayList<>();
    epochs.forEach(entry -> values.add(entry.metrics().getOrDefault(name, Double.NaN)));
    return values;
  }

  /** Returns what was measured last. */
  public Entry last() {
    return epochs.get(epochs.size() - 1);
  }
}
