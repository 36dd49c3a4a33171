package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that windows are gathered exactly: not a float behind the last one is touched. */
class VectorBandTest {
  private static final int SIZE = 4;

  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 6, 7, 16, 17, 33})
  void gatheredWindowsFillTheirRowsAndNoMore(int channels) {
    ConvGeometry g =
        new ConvGeometry(1, SIZE, SIZE, channels, SIZE, SIZE, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1);
    float[] source = new float[SIZE * SIZE * channels];
    for (int i = 0; i < source.length; i++) {
      source[i] = i + 1;
    }
    VectorBand band = new VectorBand(WindowAxis.rows(g), WindowAxis.columns(g), channels, 1);
    float[] copy = new float[Math.toIntExact(band.size(SIZE)) + VectorPanels.LANES];
    band.fill(source, 0, 0, 0, SIZE, copy);
    int terms = band.runs() * band.run();
    int before = 5;
    int windows = SIZE * SIZE * terms;
    float[] patches = new float[before + windows];
    Arrays.fill(patches, Float.NaN);
    band.gather(copy, 0, SIZE * SIZE, 0, band.runs(), patches, before);
    for (int i = 0; i < before; i++) {
      assertEquals(Float.NaN, patches[i]);
    }
    for (int i = 0; i < windows; i++) {
      assertEquals(expected(source, channels, i), patches[before + i], "element " + i);
    }
    float[] part = new float[windows + 2];
    Arrays.fill(part, -1);
    band.gather(copy, 0, SIZE * SIZE - 1, 0, band.runs(), part, 0);
    for (int i = windows - terms; i < part.length; i++) {
      assertEquals(-1, part[i], "behind the last of fewer windows, at " + i);
    }
  }

  private static float expected(float[] source, int channels, int i) {
    int terms = 9 * channels;
    int pixel = i / terms;
    int tap = i % terms / channels;
    int y = pixel / SIZE + tap / 3 - 1;
    int x = pixel % SIZE + tap % 3 - 1;
    boolean inside = y >= 0 && y < SIZE && x >= 0 && x < SIZE;
    return inside ? source[(y * SIZE + x) * channels + i % channels] : 0;
  }
}
