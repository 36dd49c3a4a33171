package org.espalier.bench.peers;

import java.util.Random;

/** Random inputs, and the border between channels first and channels last. */
final class Noise {
  private Noise() {}

  /** Returns numbers between -0.5 and 0.5. */
  static float[] of(Random random, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return values;
  }

  /**
   * Returns {@code [n, c, pixels]} as {@code [n, pixels, c]}; the other way round with both
   * exchanged.
   */
  static float[] exchange(float[] values, int n, int c, int pixels) {
    float[] exchanged = new float[values.length];
    for (int i = 0; i < n; i++) {
      int image = i * c * pixels;
      for (int j = 0; j < c; j++) {
        for (int p = 0; p < pixels; p++) {
          exchanged[image + p * c + j] = values[image + j * pixels + p];
        }
      }
    }
    return exchanged;
  }
}
