package org.espalier.io.data;

import java.util.List;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;

/** Holds pictures in memory, one byte a channel of a pixel. */
public final class MemoryDataset implements Dataset {
  private static final float[] UNIT = new float[256];

  static {
    for (int i = 0; i < UNIT.length; i++) {
      UNIT[i] = i / 255f;
    }
  }

  private final Shape sampleShape;
  private final List<String> classNames;
  private final byte[][] pixels;
  private final int[] labels;

  /**
   * Creates a data set over these arrays, which are used, not copied.
   *
   * @param sampleShape {@code [h, w, c]}
   * @param classNames the names of the classes
   * @param pixels one array a picture, row-major, channels last, unsigned
   * @param labels one class number a picture
   */
  public MemoryDataset(Shape sampleShape, List<String> classNames, byte[][] pixels, int[] labels) {
    if (sampleShape.rank() != 3) {
      throw new ShapeException(
          "data set: pictures have shape [h, w, c], got sample shape " + sampleShape);
    }
    if (pixels.length != labels.length) {
      throw new ShapeException(
          "data set: " + pixels.length + " pictures, but " + labels.length + " labels");
    }
    this.sampleShape = sampleShape;
    this.classNames = List.copyOf(classNames);
    this.pixels = pixels;
    this.labels = labels;
    for (int i = 0; i < labels.length; i++) {
      checkSample(i);
    }
  }

  private void checkSample(int index) {
    if (pixels[index].length != sampleShape.count()) {
      throw new ShapeException(
          "data set: picture "
              + index
              + " has "
              + pixels[index].length
              + " bytes, sample shape "
              + sampleShape
              + " needs "
              + sampleShape.count());
    }
    if (labels[index] < 0 || labels[index] >= classNames.size()) {
      throw new IllegalArgumentException(
          "data set: label of picture "
              + index
              + " is "
              + labels[index]
              + ", expected 0 to "
              + (classNames.size() - 1));
    }
  }

  @Override
  public int size() {
    return labels.length;
  }

  @Override
  public Shape sampleShape() {
    return sampleShape;
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
    byte[] picture = pixels[index];
    for (int i = 0; i < picture.length; i++) {
      out[offset + i] = UNIT[picture[i] & 0xFF];
    }
  }

  /** Returns a copy of a picture's bytes, row-major, channels last, unsigned. */
  public byte[] pixels(int index) {
    return pixels[index].clone();
  }
}
