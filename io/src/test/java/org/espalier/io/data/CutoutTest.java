package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class CutoutTest {
  private static final int SIDE = 6;

  private static float[] cut(int size, Random random) {
    float[] values = new float[SIDE * SIDE * 2];
    Arrays.fill(values, 1);
    new Cutout(size).apply(new Sample(Shape.of(SIDE, SIDE, 2)).moveTo(values, 0), random);
    return values;
  }

  @Test
  void zeroesARectangleNoLargerThanTheSquare() {
    int fullSquares = 0;
    for (int draw = 0; draw < 200; draw++) {
      float[] values = cut(3, Random.of(2).at(draw));
      int top = SIDE;
      int bottom = -1;
      int left = SIDE;
      int right = -1;
      int zeros = 0;
      for (int i = 0; i < values.length; i++) {
        if (values[i] == 0) {
          zeros++;
          top = Math.min(top, i / 2 / SIDE);
          bottom = Math.max(bottom, i / 2 / SIDE);
          left = Math.min(left, i / 2 % SIDE);
          right = Math.max(right, i / 2 % SIDE);
        }
      }
      assertEquals((bottom - top + 1) * (right - left + 1) * 2, zeros);
      assertTrue(bottom - top < 3 && right - left < 3 && zeros >= 2 * 2 * 2);
      fullSquares += zeros == 18 ? 1 : 0;
    }
    assertTrue(fullSquares > 0 && fullSquares < 200, "some squares reach over the edge");
  }

  @Test
  void aSquareLargerThanThePictureZeroesWhatItCovers() {
    for (float value : cut(2 * SIDE, Random.of(1))) {
      assertEquals(0, value);
    }
  }

  @Test
  void refusesAnEmptySquare() {
    assertThrows(IllegalArgumentException.class, () -> new Cutout(0));
  }
}
