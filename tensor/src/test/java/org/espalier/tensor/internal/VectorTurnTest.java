package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class VectorTurnTest {
  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
    assumeTrue(VectorTurn.serves(16), "skipped: squares of 16 need vectors of 512 bits");
  }

  @Test
  void turnsPixelsToPlanesWithZerosWhereThereIsNone() {
    float[] x = Floats.noise(new Random(1), 40 * 20);
    int[] pixels = new int[17];
    for (int i = 0; i < 17; i++) {
      pixels[i] = i % 5 == 2 ? SparseLayout.NONE : 39 - 2 * i;
    }
    float[] square = new float[SparseLoops.SQUARE];
    float[] planes = new float[16 * 19];
    VectorTurn.gather(x, 3, 20, pixels, 1, square);
    VectorTurn.place(square, planes, 2, 18);
    for (int c = 0; c < 16; c++) {
      for (int lane = 0; lane < 16; lane++) {
        int pixel = pixels[lane + 1];
        float expected = pixel == SparseLayout.NONE ? 0 : x[3 + pixel * 20 + c];
        assertEquals(expected, planes[2 + c * 18 + lane]);
      }
    }
  }

  @Test
  void turnsRowsToPixelsAndLeavesOutThoseThatAreNone() {
    float[] rows = Floats.noise(new Random(2), 16 * 30);
    int[] pixels = new int[16];
    for (int i = 0; i < 16; i++) {
      pixels[i] = i % 4 == 1 ? SparseLayout.NONE : 15 - i;
    }
    float[] square = new float[SparseLoops.SQUARE];
    float[] y = Floats.dirty(16 * 18 + 1);
    VectorTurn.take(rows, 5, 30, square);
    VectorTurn.scatter(square, pixels, 0, y, 1, 18);
    for (int lane = 0; lane < 16; lane++) {
      for (int o = 0; o < 16; o++) {
        float expected = pixels[lane] == SparseLayout.NONE ? Float.NaN : rows[5 + o * 30 + lane];
        assertEquals(expected, y[1 + (15 - lane) * 18 + o]);
      }
    }
  }

  @Test
  void transposesMatricesOfAnySizeFromASquareOn() {
    for (int rows = 16; rows <= 34; rows += 3) {
      for (int columns = 16; columns <= 49; columns += 11) {
        int wide = columns + 5;
        int high = rows + 2;
        float[] from = Floats.noise(new Random(rows), rows * wide + 7);
        float[] to = Floats.dirty(columns * high + 3);
        VectorTurn.turn(rows, columns, from, 7, wide, to, 3, high);
        float[] expected = Floats.dirty(to.length);
        for (int r = 0; r < rows; r++) {
          for (int p = 0; p < columns; p++) {
            expected[3 + p * high + r] = from[7 + r * wide + p];
          }
        }
        assertArrayEquals(expected, to, rows + "x" + columns);
      }
    }
  }
}
