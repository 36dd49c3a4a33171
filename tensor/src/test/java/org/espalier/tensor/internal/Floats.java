package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;

/** Makes and compares the arrays that the tests of kernels work on. */
final class Floats {
  private Floats() {}

  /** Returns numbers from -0.5 to 0.5. */
  static float[] noise(Random random, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return values;
  }

  /** Returns NaN only, so that an element nobody writes shows. */
  static float[] dirty(int size) {
    float[] values = new float[size];
    Arrays.fill(values, Float.NaN);
    return values;
  }

  /** Returns what a kernel makes of a dirty array. */
  static float[] filled(int size, Consumer<float[]> kernel) {
    float[] values = dirty(size);
    kernel.accept(values);
    return values;
  }

  /** Compares with exact numbers; the tolerance is a share of the largest of them. */
  static void assertClose(String what, double[] expected, float[] actual, double tolerance) {
    assertEquals(expected.length, actual.length);
    double scale = 1e-3;
    for (double value : expected) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], tolerance * scale, what + " at " + i);
    }
  }
}
