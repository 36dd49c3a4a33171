package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests {@link PixelPlane}. */
class PixelPlaneTest {
  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  private static float[] count(int size) {
    float[] numbers = new float[size];
    for (int i = 0; i < size; i++) {
      numbers[i] = i + 1;
    }
    return numbers;
  }

  @Test
  void findsPixelsOfImages() {
    PixelPlane plane = PixelPlane.of(count(2 * 4 * 5 * 3), 1, 4, 5, 3);
    assertEquals(4 * 5 * 3 + (2 * 5 + 4) * 3, plane.place(2, 4));
  }

  @Test
  void rowsOutsideAreZerosWithoutSteps() {
    PixelPlane plane = PixelPlane.of(count(4 * 5 * 3), 0, 4, 5, 3);
    assertEquals(plane.place(3, 0) + 2, plane.rowStart(3, 4, 2));
    assertEquals(plane.step(), plane.rowStep(3, 4));
    for (int y : new int[] {-1, 4}) {
      assertEquals(0, plane.rowStep(y, 4));
      assertEquals(0, plane.rowStart(y, 4, 2));
      assertArrayEquals(new float[VectorPanels.LANES], plane.rowArray(y, 4));
    }
  }

  @Test
  void onlyRowsThatEndWithTheArrayAreCopied() {
    float[] array = count(VectorPanels.LANES * 3 + 1);
    PixelPlane plane = new PixelPlane(array, 0, VectorPanels.LANES, 1);
    float[] copy = new float[VectorPanels.LANES * 3];
    assertSame(plane, plane.readable(0, 2, 1, false, copy));
    PixelPlane copied = plane.readable(1, 3, 1, false, copy);
    assertSame(copy, copied.array());
    assertEquals(array[plane.place(2, 5)], copy[copied.place(2, 5)]);
    assertSame(plane, plane.readable(1, 3, VectorPanels.LANES, true, copy));
  }

  @Test
  void packsTheChannelsOfItsRowsAndNothingElse() {
    for (int channels = 1; channels < VectorPanels.LANES; channels++) {
      for (int spread = 1; spread <= 2; spread++) {
        int width = 3;
        int line = width * channels * spread;
        float[] target = new float[4 * line];
        PixelPlane plane = new PixelPlane(target, 0, line, spread * channels);
        float[] wide = count(2 * width * VectorPanels.LANES);
        PixelPlane vectors = PixelPlane.vectors(wide, 1, width);
        plane.pack(vectors, 1, 3, width, channels);
        float[] expected = new float[target.length];
        for (int y = 1; y < 3; y++) {
          for (int x = 0; x < width; x++) {
            int from = vectors.place(y, x);
            System.arraycopy(wide, from, expected, plane.place(y, x), channels);
          }
        }
        assertArrayEquals(expected, target, channels + " channels, spread " + spread);
      }
    }
  }
}
