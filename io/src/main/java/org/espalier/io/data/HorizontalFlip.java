package org.espalier.io.data;

import org.espalier.tensor.Random;

/**
 * Mirrors a picture left to right with a given probability: {@code y[i, j] = x[i, w - 1 - j]}.
 *
 * @param probability how often, from 0 to 1
 */
public record HorizontalFlip(double probability) implements Augmentation {
  /** Creates the augmentation. */
  public HorizontalFlip {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException(
          "horizontal flip: probability must be from 0 to 1, got " + probability);
    }
  }

  /** Creates the augmentation that mirrors every second picture on average. */
  public HorizontalFlip() {
    this(0.5);
  }

  @Override
  public void apply(Sample sample, Random random) {
    if (random.uniform(0) >= probability) {
      return;
    }
    float[] values = sample.values();
    for (int y = 0; y < sample.height(); y++) {
      for (int x = 0; x < sample.width() / 2; x++) {
        int left = sample.index(y, x);
        int right = sample.index(y, sample.width() - 1 - x);
        for (int channel = 0; channel < sample.channels(); channel++) {
          float swapped = values[left + channel];
          values[left + channel] = values[right + channel];
          values[right + channel] = swapped;
        }
      }
    }
  }
}
