package org.espalier.io.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.io.PictureOptions;
import org.espalier.io.PictureOptions.Alpha;
import org.espalier.io.PictureOptions.Colour;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.io.Pictures;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/**
 * Says what a user of a saved model must know: what goes in and what the outputs are called. Saved
 * as a snapshot's record, it makes a checkpoint usable on its own:
 *
 * <pre>{@code
 * Checkpoint.save(file, Snapshot.of(model, ModelInput.of(data, normalization).meta()));
 * ...
 * Snapshot saved = Checkpoint.load(file);
 * ModelInput input = ModelInput.of(saved.meta());
 * Tensor x = input.read(picture);
 * }</pre>
 *
 * @param shape the shape of one sample, without the batch axis: {@code [h, w, c]} or {@code [f]}
 * @param normalization what values go through first, one figure a channel (the last axis)
 * @param classNames the names of the outputs
 * @param resize what happens to picture files of another size
 */
public record ModelInput(
    Shape shape, Normalization normalization, List<String> classNames, Resize resize) {
  private static final String INPUT = "input_shape";
  private static final String MEAN = "normalization_mean";
  private static final String STD = "normalization_std";
  private static final String CLASSES = "class_names";
  private static final String RESIZE = "picture_resize";

  /** Creates the record; the list is copied. */
  public ModelInput {
    classNames = List.copyOf(classNames);
    if (shape.rank() == 0 || shape.size(-1) != normalization.channels()) {
      throw new ShapeException(
          "model input: the last axis of %s has no %d channels, as the normalisation has"
              .formatted(shape, normalization.channels()));
    }
  }

  /** Returns what a data set says; pictures of another size are scaled and cut to the middle. */
  public static ModelInput of(Dataset data, Normalization normalization) {
    return new ModelInput(data.sampleShape(), normalization, data.classNames(), Resize.CROP);
  }

  /** Returns this with another answer to picture files of another size. */
  public ModelInput resizing(Resize how) {
    return new ModelInput(shape, normalization, classNames, how);
  }

  /** Reads the record that was saved with a model; refused where a part is missing or damaged. */
  public static ModelInput of(Map<String, Object> meta) {
    return new ModelInput(
        shape(meta),
        new Normalization(array(meta, MEAN), array(meta, STD)),
        list(meta, CLASSES).stream().map(String::valueOf).toList(),
        resize(meta));
  }

  /** Returns the shape alone of the record that was saved with a model. */
  public static Shape shape(Map<String, Object> meta) {
    List<Double> numbers = numbers(meta, INPUT);
    int[] sizes = numbers.stream().mapToInt(Double::intValue).toArray();
    if (numbers.stream().anyMatch(size -> size != size.intValue() || size < 1)) {
      throw new FormatException("'" + INPUT + "' must hold whole sizes, got " + numbers);
    }
    return Shape.of(sizes);
  }

  private static Resize resize(Map<String, Object> meta) {
    Object name = meta.getOrDefault(RESIZE, Resize.CROP.name());
    for (Resize resize : Resize.values()) {
      if (resize.name().equals(name)) {
        return resize;
      }
    }
    throw new FormatException(
        "'%s' must be one of %s, got %s".formatted(RESIZE, List.of(Resize.values()), name));
  }

  /** Returns the record that is saved with a model; it may be added to. */
  public Map<String, Object> meta() {
    Map<String, Object> meta = new LinkedHashMap<>();
    List<Long> sizes = new ArrayList<>();
    for (int size : shape.sizes()) {
      sizes.add((long) size);
    }
    meta.put(INPUT, sizes);
    meta.put(MEAN, boxed(normalization.mean()));
    meta.put(STD, boxed(normalization.std()));
    meta.put(CLASSES, classNames);
    meta.put(RESIZE, resize.name());
    return meta;
  }

  /** Refuses a model that does not take this input, or has not one output for each class. */
  public void check(Module model) {
    try (Pass pass = Pass.shapes()) {
      Shape output = model.apply(pass, pass.input(shape.batched(1))).shape();
      if (!output.equals(Shape.of(1, classNames.size()))) {
        throw new ShapeException(
            "the model answers %s to one sample, there are %d class names"
                .formatted(output, classNames.size()));
      }
    }
  }

  /** Returns how picture files are read, transparent ones on white. */
  public PictureOptions pictures() {
    if (shape.rank() != 3 || (shape.size(-1) != 1 && shape.size(-1) != 3)) {
      throw new ShapeException(
          "the model takes samples " + shape + ", which no picture file gives: [h, w, 1 or 3]");
    }
    return PictureOptions.of(shape.size(-1) == 1 ? Colour.GREY : Colour.RGB)
        .with(Alpha.ON_WHITE)
        .sized(shape.size(0), shape.size(1), resize);
  }

  /** Reads a picture file into a normalised batch of one, {@code [1, h, w, c]}. */
  public Tensor read(Path picture) throws IOException {
    Tensor values = Pictures.read(picture, pictures());
    normalization.apply(values.f32(), 0, values.count());
    return values.reshape(shape.batched(1));
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
        "the file does not say '%s'; it was saved without what a user of the model needs (ModelInput), it has %s"
            .formatted(key, meta.keySet()));
  }
}
