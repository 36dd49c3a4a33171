package org.espalier.io.data;

import java.util.List;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;

/** Is what data sets in memory share: one shape, and one class number a sample. */
abstract class LabelledDataset implements Dataset {
  final Shape sampleShape;
  private final List<String> classNames;
  private final int[] labels;
  private final String unit;

  /**
   * Creates a data set.
   *
   * @param unit what a sample is called in messages
   * @param samples how many samples there are
   * @param labels one class number a sample, used, not copied
   */
  LabelledDataset(
      String unit, Shape sampleShape, List<String> classNames, int samples, int[] labels) {
    if (samples != labels.length) {
      throw new ShapeException(
          "data set: " + samples + " " + unit + "s, but " + labels.length + " labels");
    }
    this.unit = unit;
    this.sampleShape = sampleShape;
    this.classNames = List.copyOf(classNames);
    this.labels = labels;
  }

  /** Refuses a label that is no position in the list of class names. */
  final void checkLabel(int index) {
    if (labels[index] < 0 || labels[index] >= classNames.size()) {
      throw new IllegalArgumentException(
          "data set: label of %s %d is %d, expected 0 to %d"
              .formatted(unit, index, labels[index], classNames.size() - 1));
    }
  }

  @Override
  public final int size() {
    return labels.length;
  }

  @Override
  public final Shape sampleShape() {
    return sampleShape;
  }

  @Override
  public final List<String> classNames() {
    return classNames;
  }

  @Override
  public final int label(int index) {
    return labels[index];
  }
}
