package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class HorizontalFlipTest {
  private static float[] flipped(double probability, Random random, int width) {
    float[] values = TinyDataset.ramp(2 * width * 2);
    new HorizontalFlip(probability)
        .apply(new Sample(Shape.of(2, width, 2)).moveTo(values, 0), random);
    return values;
  }

  @Test
  void mirrorsColumnsAndKeepsChannels() {
    assertArrayEquals(
        new float[] {4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7}, flipped(1, Random.of(1), 3));
    assertArrayEquals(new float[] {2, 3, 0, 1, 6, 7, 4, 5}, flipped(1, Random.of(1), 2));
  }

  @Test
  void probabilityZeroNeverFlips() {
    for (int i = 0; i < 100; i++) {
      assertArrayEquals(TinyDataset.ramp(12), flipped(0, Random.of(i), 3));
    }
  }

  @Test
  void flipsAsOftenAsItSays() {
    int count = 0;
    for (int i = 0; i < 2000; i++) {
      count += flipped(0.25, Random.of(7).at(i), 3)[0] == 4 ? 1 : 0;
    }
    assertEquals(500, count, 80);
  }

  @Test
  void refusesAProbabilityAboveOne() {
    assertThrows(IllegalArgumentException.class, () -> new HorizontalFlip(1.1));
    assertThrows(IllegalArgumentException.class, () -> new HorizontalFlip(Double.NaN));
  }
}
