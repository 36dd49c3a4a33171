package org.espalier.io.data;

import org.espalier.tensor.Random;

/**
 * Sets a square of the picture to zero; its centre is drawn uniformly from all pixels, so it may
 * reach over the edge (DeVries and Taylor 2017).
 *
 * <p>Zero is black in a plain picture and the mean colour in a normalised one; the paper means the
 * latter: {@code Augmentation.of(crop, flip, normalization, new Cutout(16))}.
 *
 * @param size the side of the square in pixels, at least 1
 */
public record Cutout(int size) implements Augmentation {
  /** Creates the augmentation. */
  public Cutout {
    if (size < 1) {
      throw new IllegalArgumentException("cutout: size must be at least 1, got " + size);
    }
  }

  @Override
  public void apply(Sample sample, Random random) {
    int top = random.integer(0, sample.height()) - size / 2;
    int left = random.integer(1, sample.width()) - size / 2;
    int from = Math.max(0, left);
    int count = Math.min(sample.width(), left + size) - from;
    for (int y = Math.max(0, top); y < Math.min(sample.height(), top + size) && count > 0; y++) {
      sample.fill(y, from, count, 0);
    }
  }
}
