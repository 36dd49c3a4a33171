package org.espalier.io.data;

import java.util.Arrays;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;

/**
 * Shows one picture inside the array of a batch to an {@link Augmentation}, which changes it in
 * place: element (y, x, channel) is {@code values()[index(y, x) + channel]}.
 */
public final class Sample {
  private final int height;
  private final int width;
  private final int channels;
  private final float[] scratch;
  private float[] values;
  private int offset;

  /** Creates a view for pictures of shape {@code [h, w, c]}; {@link #moveTo} places it. */
  public Sample(Shape shape) {
    if (shape.rank() != 3) {
      throw new ShapeException(
          "augmentation: works on pictures [h, w, c], got sample shape " + shape);
    }
    height = shape.size(0);
    width = shape.size(1);
    channels = shape.size(2);
    scratch = new float[shape.count()];
  }

  /** Places the view over another picture. */
  public Sample moveTo(float[] batch, int first) {
    values = batch;
    offset = first;
    return this;
  }

  /** Returns the height in pixels. */
  public int height() {
    return height;
  }

  /** Returns the width in pixels. */
  public int width() {
    return width;
  }

  /** Returns the number of channels. */
  public int channels() {
    return channels;
  }

  /** Returns the live array that holds the picture, and others beside it. */
  public float[] values() {
    return values;
  }

  /** Returns the position of the first channel of a pixel in {@link #values()}. */
  public int index(int y, int x) {
    return offset + (y * width + x) * channels;
  }

  /** Sets all channels of the pixels from (y, x) to (y, x + count - 1). */
  public void fill(int y, int x, int count, float value) {
    Arrays.fill(values, index(y, x), index(y, x) + count * channels, value);
  }

  /**
   * Returns a copy of the picture, valid until the next call: what an augmentation that moves
   * pixels reads from. Pixel (y, x) begins at {@code (y * width + x) * channels}.
   */
  public float[] copy() {
    System.arraycopy(values, offset, scratch, 0, scratch.length);
    return scratch;
  }
}
