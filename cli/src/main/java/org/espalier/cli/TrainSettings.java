package org.espalier.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.io.PictureOptions.Colour;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.tensor.FormatException;

/**
 * Holds every option that decides what a run computes, as plain values: saved with each snapshot,
 * so that a resumed run has the options of the interrupted one.
 */
record TrainSettings(
    String data,
    String test,
    String colour,
    String size,
    String resize,
    String augment,
    int limit,
    double validation,
    String model,
    int epochs,
    double minutes,
    int patience,
    int batchSize,
    String optimizer,
    double rate,
    double weightDecay,
    String prune,
    long seed) {
  private static final String KEY = "train_settings";

  /** Adds these settings to a snapshot's record. */
  void addTo(Map<String, Object> meta) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("data", data);
    values.put("test", test == null ? "" : test);
    values.put("colour", colour == null ? "" : colour);
    values.put("size", size == null ? "" : size);
    values.put("resize", resize == null ? "" : resize);
    values.put("augment", augment);
    values.put("limit", (long) limit);
    values.put("validation", validation);
    values.put("model", model);
    values.put("epochs", (long) epochs);
    values.put("minutes", minutes);
    values.put("patience", (long) patience);
    values.put("batch_size", (long) batchSize);
    values.put("optimizer", optimizer);
    values.put("rate", rate);
    values.put("weight_decay", weightDecay);
    values.put("prune", prune);
    values.put("seed", seed);
    meta.put(KEY, values);
  }

  /** Reads the settings back from a snapshot's record. */
  static TrainSettings from(Map<String, Object> meta) {
    if (!(meta.get(KEY) instanceof Map<?, ?> values)) {
      throw new FormatException(
          "the snapshot was not saved by './espalier train': it has no '" + KEY + "'");
    }
    return new TrainSettings(
        text(values, "data"),
        optional(values, "test"),
        optional(values, "colour"),
        optional(values, "size"),
        optional(values, "resize"),
        text(values, "augment"),
        (int) number(values, "limit"),
        number(values, "validation"),
        text(values, "model"),
        (int) number(values, "epochs"),
        number(values, "minutes"),
        (int) number(values, "patience"),
        (int) number(values, "batch_size"),
        values.containsKey("optimizer") ? text(values, "optimizer") : "sgd",
        number(values, "rate"),
        number(values, "weight_decay"),
        text(values, "prune"),
        values.get("seed") instanceof Long seed ? seed : (long) number(values, "seed"));
  }

  private static String optional(Map<?, ?> values, String key) {
    String text = text(values, key);
    return text.isEmpty() ? null : text;
  }

  private static String text(Map<?, ?> values, String key) {
    if (values.get(key) instanceof String text) {
      return text;
    }
    throw new FormatException(
        "the snapshot's settings have no text '" + key + "', got " + values.get(key));
  }

  private static double number(Map<?, ?> values, String key) {
    if (values.get(key) instanceof Number number) {
      return number.doubleValue();
    }
    throw new FormatException(
        "the snapshot's settings have no number '" + key + "', got " + values.get(key));
  }

  /** Returns the options that name data, as the commands read them. */
  DataOptions dataOptions() {
    DataOptions options = new DataOptions();
    options.data = data;
    options.test = test;
    options.colour = colour == null ? null : Colour.valueOf(colour);
    options.size = size;
    options.resize = resize == null ? null : Resize.valueOf(resize);
    return options;
  }
}
