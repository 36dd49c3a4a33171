package org.espalier.io.data;

import java.util.List;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;

/** Holds rows of named features in memory; samples have shape {@code [f]}. */
public final class FeatureDataset extends LabelledDataset {
  private final List<String> featureNames;
  private final float[][] rows;

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
    super("row", Shape.of(featureNames.size()), classNames, rows.length, labels);
    this.featureNames = List.copyOf(featureNames);
    this.rows = rows;
    for (int i = 0; i < rows.length; i++) {
      if (rows[i].length != featureNames.size()) {
        throw new ShapeException(
            "data set: row %d has %d features, expected %d"
                .formatted(i, rows[i].length, featureNames.size()));
      }
      checkLabel(i);
    }
  }

  /** Returns the names of the features, in the order of the values. */
  public List<String> featureNames() {
    return featureNames;
  }

  @Override
  public void read(int index, float[] out, int offset) {
    System.arraycopy(rows[index], 0, out, offset, rows[index].length);
  }
}
