package org.espalier.io.data;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.espalier.tensor.Shape;

/** Makes small data sets whose pixels tell which sample they belong to. */
final class TinyDataset {
  private TinyDataset() {}

  /** Returns {@code size} pictures; all bytes of picture i are i, its class is i mod classes. */
  static MemoryDataset of(int size, int classes, int... shape) {
    Shape sample = Shape.of(shape);
    byte[][] pixels = new byte[size][sample.count()];
    for (int i = 0; i < size; i++) {
      Arrays.fill(pixels[i], (byte) i);
    }
    List<String> names = IntStream.range(0, classes).mapToObj(i -> "class" + i).toList();
    return new MemoryDataset(
        sample, names, pixels, IntStream.range(0, size).map(i -> i % classes).toArray());
  }

  /** Returns picture values that differ in every element: 0, 1, 2, ... */
  static float[] ramp(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = i;
    }
    return values;
  }
}
