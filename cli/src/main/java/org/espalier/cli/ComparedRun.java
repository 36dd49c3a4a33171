package org.espalier.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.tensor.FormatException;

/**
 * Is one finished run of a comparison, as it is logged.
 *
 * @param key which run it is
 * @param macs multiply-accumulates of one sample behind the cut
 * @param parameters trainable numbers behind the cut
 * @param cut the answers without fine-tuning
 * @param tuned the answers after fine-tuning, null where there was none
 * @param seconds how long the run took
 */
record ComparedRun(Key key, long macs, long parameters, Hits cut, Hits tuned, double seconds) {
  /** The event that marks a run in the log. */
  static final String EVENT = "run";

  /**
   * Tells runs of one comparison apart.
   *
   * @param criterion the criterion's name, or dense
   * @param amount the cut as the option writes it, empty for the dense model
   * @param seed the seed of random scores, 0 where none are drawn
   */
  record Key(String criterion, String amount, long seed) {
    /** The model before it is cut. */
    static final Key DENSE = new Key("dense", "", 0);

    @Override
    public String toString() {
      return (criterion + " " + amount + (seed == 0 ? "" : " seed " + seed)).strip();
    }
  }

  /** Returns the record for the log. */
  Map<String, Object> entry() {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("event", EVENT);
    entry.put("criterion", key.criterion);
    entry.put("cut", key.amount);
    entry.put("seed", key.seed);
    entry.put("macs", macs);
    entry.put("parameters", parameters);
    entry.put("samples", (long) cut.samples());
    entry.put("accuracy", cut.value());
    entry.put("right", cut.text());
    if (tuned != null) {
      entry.put("tuned_accuracy", tuned.value());
      entry.put("tuned_right", tuned.text());
    }
    entry.put("seconds", seconds);
    return entry;
  }

  /** Reads a record of the log. */
  static ComparedRun of(Map<String, Object> entry) {
    Key key = new Key(text(entry, "criterion"), text(entry, "cut"), whole(entry, "seed"));
    int samples = (int) whole(entry, "samples");
    return new ComparedRun(
        key,
        whole(entry, "macs"),
        whole(entry, "parameters"),
        Hits.of(samples, text(entry, "right")),
        entry.containsKey("tuned_right") ? Hits.of(samples, text(entry, "tuned_right")) : null,
        entry.get("seconds") instanceof Number seconds ? seconds.doubleValue() : Double.NaN);
  }

  private static String text(Map<String, Object> entry, String name) {
    if (entry.get(name) instanceof String text) {
      return text;
    }
    throw new FormatException("the log's run has no text '" + name + "': " + entry);
  }

  private static long whole(Map<String, Object> entry, String name) {
    if (entry.get(name) instanceof Long number) {
      return number;
    }
    throw new FormatException("the log's run has no whole number '" + name + "': " + entry);
  }
}
