package org.espalier.io.data;

import java.util.List;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;

/** Holds rows of named features in memory; samples have shape {@code [f]}. */
public final class FeatureDataset implements Dataset {
  private final List<String> featureNames;
  private final List<String> classNames;
  private final float[][] rows;
  private final int[] labels;

  /**
   * Creates a data set over these arrays, which are used, not copied.
   *
   * @param featureNames one name a feature
   * @param classNames the names of the classes
   * @param rows one array a sample
   * @param labels one class number a sample
   */
  public FeatureDataset(
      List<String> featureNames, List<String> classNames, float[][] rows, int[] labels) {
    if (rows.length != labels.length) {
      throw new ShapeException(
          "data set: " + rows.length + " rows, but " + labels.length + " labels");
    }
    this.featureNames = List.copyOf(featureNames);
    this.classNames = List.copyOf(classNames);
    this.rows = rows;
    this.labels = labels;
    for (int i = 0; i < rows.length; i++) {
      if (rows[i].length != featureNames.size()) {
        throw new ShapeException(
            "data set: row "
                + i
                + " has "
                + rows[i].length
                + " features, expected "
                + featureNames.size());
      }
      if (labels[i] < 0 || labels[i] >= classNames.size()) {
        throw new IllegalArgumentException(
            "data set: label of row "
                + i
                + " is "
                + labels[i]
                + ", expected 0 to "
                + (classNames.size() - 1));
      }
    }
  }

  /** Returns the names of the features, in the order of the values. */
  public List<String> featureNames() {
    return featureNames;
  }

  @Override
  public int size() {
    return rows.length;
  }

  @Override
  public Shape sampleShape() {
    return Shape.of(featureNames.size());
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public int label(int index) {
    return labels[index];
  }

  @Override
  public void read(int index, float[] out, int offset) {
    System.arraycopy(rows[index], 0, out, offset, rows[index].length);
  }
}
