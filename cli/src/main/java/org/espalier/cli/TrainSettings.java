package org.espalier.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.espalier.cli.recipe.TechniqueWords;
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
    StartingPoint start,
    int epochs,
    double minutes,
    int patience,
    int batchSize,
    String optimizer,
    double rate,
    double weightDecay,
    TechniqueWords techniques,
    long seed) {
  private static final String KEY = "train_settings";

  /** Adds these settings to a snapshot's record. */
  void addTo(Map<String, Object> meta) {
    meta.put(KEY, options());
  }

  /**
   * Returns these settings as options of the command, by their long names without dashes; those
   * that are not set are left out.
   */
  Map<String, Object> options() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("data", data);
    values.put("test", test);
    values.put("colour", colour);
    values.put("size", size);
    values.put("resize", resize);
    values.put("augment", augment);
    values.put("limit", limit == 0 ? null : (long) limit);
    values.put("validation", validation);
    values.put("model", start.model());
    values.put("weights", start.weights());
    values.put("normalize", start.normalize());
    values.put("epochs", (long) epochs);
    values.put("minutes", minutes == 0 ? null : minutes);
    values.put("patience", patience == 0 ? null : (long) patience);
    values.put("batch-size", (long) batchSize);
    values.put("optimizer", optimizer);
    values.put("rate", rate);
    values.put("weight-decay", weightDecay);
    values.put("prune", techniques.prune());
    values.put("lowrank", unlessNone(techniques.lowrank()));
    values.put("quantize", unlessNone(techniques.quantize()));
    values.put("teacher", techniques.teacher());
    values.put("distill", techniques.distill());
    values.put("seed", seed);
    values.values().removeIf(Objects::isNull);
    return values;
  }

  /** Reads the settings back from a snapshot's record. */
  static TrainSettings from(Map<String, Object> meta) {
    if (!(meta.get(KEY) instanceof Map<?, ?> saved)) {
      throw new FormatException(
          "the snapshot was not saved by './espalier train': it has no '" + KEY + "'");
    }
    Map<String, Object> values = current(saved);
    return new TrainSettings(
        text(values, "data"),
        optional(values, "test"),
        optional(values, "colour"),
        optional(values, "size"),
        optional(values, "resize"),
        text(values, "augment"),
        (int) orZero(values, "limit"),
        number(values, "validation"),
        new StartingPoint(
            optional(values, "model"), optional(values, "weights"), optional(values, "normalize")),
        (int) number(values, "epochs"),
        orZero(values, "minutes"),
        (int) orZero(values, "patience"),
        (int) number(values, "batch-size"),
        text(values, "optimizer"),
        number(values, "rate"),
        number(values, "weight-decay"),
        new TechniqueWords(
            text(values, "prune"),
            orNone(values, "lowrank"),
            orNone(values, "quantize"),
            optional(values, "teacher"),
            optional(values, "distill")),
        values.get("seed") instanceof Long seed ? seed : (long) number(values, "seed"));
  }

  /**
   * Returns settings by today's names: earlier ones had underscores, and empty texts for nothing.
   */
  private static Map<String, Object> current(Map<?, ?> saved) {
    Map<String, Object> values = new LinkedHashMap<>();
    saved.forEach(
        (key, value) -> {
          if (!"".equals(value)) {
            values.put(String.valueOf(key).replace('_', '-'), value);
          }
        });
    return values;
  }

  private static String optional(Map<?, ?> values, String key) {
    return values.containsKey(key) ? text(values, key) : null;
  }

  private static String unlessNone(String words) {
    return words.equals(TechniqueWords.NONE) ? null : words;
  }

  private static String orNone(Map<?, ?> values, String key) {
    return values.containsKey(key) ? text(values, key) : TechniqueWords.NONE;
  }

  private static double orZero(Map<?, ?> values, String key) {
    return values.containsKey(key) ? number(values, key) : 0;
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
