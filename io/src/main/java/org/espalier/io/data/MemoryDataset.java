package org.espalier.io.data;

import java.util.List;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;

/** Holds pictures in memory, one byte a channel of a pixel. */
public final class MemoryDataset extends LabelledDataset {
  private static final float[] UNIT = new float[256];

  static {
    for (int i = 0; i < UNIT.length; i++) {
      UNIT[i] = i / 255f;
    }
  }

  private final byte[][] pixels;

  /**
   * Creates a data set over these arrays, which are used, not copied.
   *
   * @param sampleShape {@code [h, w, c]}
   * @param classNames the names of the classes
   * @param pixels one array a picture, row-major, channels last, unsigned
   * @param labels one class number a picture
   */
  public MemoryDataset(Shape sampleShape, List<String> classNames, byte[][] pixels, int[] labels) {
    super("picture", checkPicture(sampleShape), classNames, pixels.length, labels);
    this.pixels = pixels;
    for (int i = 0; i < pixels.length; i++) {
      if (pixels[i].length != sampleShape.count()) {
        throw new ShapeException(
            "data set: picture %d has %d bytes, sample shape %s needs %d"
                .formatted(i, pixels[i].length, sampleShape, sampleShape.count()));
      }
      checkLabel(i);
    }
  }

  private static Shape checkPicture(Shape sampleShape) {
    if (sampleShape.rank() != 3) {
      throw new ShapeException(
          "data set: pictures have shape [h, w, c], got sample shape " + sampleShape);
    }
    return sampleShape;
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
