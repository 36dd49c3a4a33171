package org.espalier.io.data;

import org.espalier.tensor.Random;

/**
 * Pads a picture on all sides and cuts a window of the old size from a uniformly drawn place (He et
 * al. 2016, section 4.2: 4 pixels on CIFAR).
 *
 * <p>{@code y[i, j] = x[i + u, j + v]} with u, v uniform in {@code -padding..padding}; outside, x
 * is what the border says.
 *
 * @param padding pixels added on each side, at least 0
 * @param border what the added pixels are
 */
public record RandomCrop(int padding, Border border) implements Augmentation {
  /** Names what lies outside a picture. */
  public enum Border {
    /** All channels 0: black, if the picture is not yet normalised. */
    ZERO,
    /** The picture mirrored at its edge pixel, which is not repeated: {@code x[-1] = x[1]}. */
    REFLECT
  }

  /** Creates the augmentation. */
  public RandomCrop {
    if (padding < 0) {
      throw new IllegalArgumentException("random crop: padding must be at least 0, got " + padding);
    }
  }

  /** Creates the augmentation with a border of zeros. */
  public RandomCrop(int padding) {
    this(padding, Border.ZERO);
  }

  @Override
  public void apply(Sample sample, Random random) {
    if (padding >= Math.min(sample.height(), sample.width())) {
      throw new IllegalArgumentException(
          "random crop: padding "
              + padding
              + " must be less than the sides of a picture of "
              + sample.height()
              + "x"
              + sample.width());
    }
    int down = random.integer(0, 2 * padding + 1) - padding;
    int right = random.integer(1, 2 * padding + 1) - padding;
    if (down != 0 || right != 0) {
      shift(sample, down, right);
    }
  }

  private void shift(Sample sample, int down, int right) {
    float[] from = sample.copy();
    int channels = sample.channels();
    for (int y = 0; y < sample.height(); y++) {
      int sourceY = source(y + down, sample.height());
      for (int x = 0; x < sample.width(); x++) {
        int sourceX = source(x + right, sample.width());
        if (sourceY < 0 || sourceX < 0) {
          sample.fill(y, x, 1, 0);
        } else {
          int first = (sourceY * sample.width() + sourceX) * channels;
          System.arraycopy(from, first, sample.values(), sample.index(y, x), channels);
        }
      }
    }
  }

  /** Returns the row or column to read, or -1 for a zero. */
  private int source(int position, int size) {
    if (position >= 0 && position < size) {
      return position;
    }
    if (border == Border.ZERO) {
      return -1;
    }
    return position < 0 ? -position : 2 * (size - 1) - position;
  }
}
