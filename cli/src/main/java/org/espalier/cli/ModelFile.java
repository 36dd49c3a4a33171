package org.espalier.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;

/**
 * Is a model with what its users must know: input shape, normalisation, class names.
 *
 * @param model the model, ready to infer
 * @param input the shape of one sample, {@code [h, w, c]}
 * @param normalization what pixels in 0 to 1 go through first
 * @param classNames the names of the outputs
 */
record ModelFile(Module model, Shape input, Normalization normalization, List<String> classNames) {
  private static final String INPUT = "input_shape";
  private static final String MEAN = "normalization_mean";
  private static final String STD = "normalization_std";
  private static final String CLASSES = "class_names";

  /** The name of the finished model in a run folder. */
  static final String FINAL = "model.safetensors";

  /** Loads a checkpoint; a run folder stands for the model in it. */
  static ModelFile load(Path place) throws IOException {
    Path file = Files.isDirectory(place) ? place.resolve(FINAL) : place;
    Snapshot snapshot = Checkpoint.load(file);
    try {
      ModelFile loaded = of(snapshot.build(), snapshot.meta());
      loaded.check();
      return loaded;
    } catch (IllegalArgumentException e) {
      throw new FormatException(file + ": " + e.getMessage(), e);
    }
  }

  /** Puts a model together with the record that was saved with it. */
  static ModelFile of(Module model, Map<String, Object> meta) {
    return new ModelFile(
        model,
        shape(meta),
        new Normalization(array(meta, MEAN), array(meta, STD)),
        list(meta, CLASSES).stream().map(String::valueOf).toList());
  }

  /** Refuses a file whose parts contradict each other. */
  private void check() {
    if (input.rank() != 3 || input.size(-1) != normalization.channels()) {
      throw new FormatException(
          "the input %s is no picture of %d channels, as the normalisation is"
              .formatted(input, normalization.channels()));
    }
    try (Pass pass = Pass.shapes()) {
      Shape output = model.apply(pass, pass.input(input.batched(1))).shape();
      if (!output.equals(Shape.of(1, classNames.size()))) {
        throw new FormatException(
            "the model answers %s to one picture, there are %d class names"
                .formatted(output, classNames.size()));
      }
    }
  }

  private static Shape shape(Map<String, Object> meta) {
    List<Double> numbers = numbers(meta, INPUT);
    int[] sizes = numbers.stream().mapToInt(Double::intValue).toArray();
    if (numbers.stream().anyMatch(size -> size != size.intValue() || size < 1)) {
      throw new FormatException("'" + INPUT + "' must hold whole sizes, got " + numbers);
    }
    return Shape.of(sizes);
  }

  /** Returns the record that is saved with a model. */
  static Map<String, Object> meta(
      Shape input, Normalization normalization, List<String> classNames) {
    Map<String, Object> meta = new LinkedHashMap<>();
    List<Long> sizes = new ArrayList<>();
    for (int size : input.sizes()) {
      sizes.add((long) size);
    }
    meta.put(INPUT, sizes);
    meta.put(MEAN, boxed(normalization.mean()));
    meta.put(STD, boxed(normalization.std()));
    meta.put(CLASSES, List.copyOf(classNames));
    return meta;
  }

  private static List<Double> boxed(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  private static double[] array(Map<String, Object> meta, String key) {
    return numbers(meta, key).stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static List<Double> numbers(Map<String, Object> meta, String key) {
    List<Double> numbers = new ArrayList<>();
    for (Object item : list(meta, key)) {
      if (!(item instanceof Number number)) {
        throw new FormatException("'" + key + "' must hold numbers, got " + item);
      }
      numbers.add(number.doubleValue());
    }
    return numbers;
  }

  private static List<?> list(Map<String, Object> meta, String key) {
    if (meta.get(key) instanceof List<?> list) {
      return list;
    }
    throw new FormatException(
        "the file does not say '"
            + key
            + "'; it was saved without what a user of the model needs, it has "
            + meta.keySet());
  }
}
