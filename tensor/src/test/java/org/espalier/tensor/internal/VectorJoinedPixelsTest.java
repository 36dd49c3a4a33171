package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.Floats.dirty;
import static org.espalier.tensor.internal.Floats.noise;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Random;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that pixels computed together are the pixels computed one by one. */
class VectorJoinedPixelsTest {
  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  private static ConvGeometry square(
      int size, int in, int out, int kernel, int stride, int groups) {
    int pad = kernel / 2;
    int to = (size + 2 * pad - kernel) / stride + 1;
    return new ConvGeometry(
        3, size, size, in, to, to, out, kernel, kernel, stride, stride, 1, 1, pad, pad, groups);
  }

  @ParameterizedTest
  @CsvSource({"28, 1, 6, 5, 1", "16, 3, 16, 3, 1", "12, 2, 5, 5, 1", "24, 1, 4, 3, 2"})
  void joinedPixelsHaveTheBitsOfSinglePixels(int size, int in, int out, int kernel, int stride) {
    ConvGeometry g = square(size, in, out, kernel, stride, 1);
    VectorJoinedPixels joined = VectorJoinedPixels.of(g);
    assertNotNull(joined, "these are not joined");
    Random random = new Random(7);
    float[] x = noise(random, new NaiveConv(g).xSize());
    float[] bias = noise(random, out);
    VectorWeight w = VectorWeight.changing(noise(random, new NaiveConv(g).weightSize()));
    for (Clamp clamp : new Clamp[] {null, Clamp.RELU}) {
      float[] alone = dirty(new NaiveConv(g).ySize());
      VectorConv.sweep(g, x, w, bias, clamp, alone);
      float[] together = dirty(alone.length);
      joined.forward(x, w, bias, clamp, together);
      assertArrayEquals(alone, together);
    }
    float[] dy = noise(random, new NaiveConv(g).ySize());
    float[] alone = dirty(new NaiveConv(g).weightSize());
    new VectorWeightGradient(g, x, dy).run(alone);
    float[] together = dirty(alone.length);
    joined.gradWeight(x, dy, together);
    assertArrayEquals(alone, together, 1e-3f);
    assertEquals(new NaiveConv(g).weightSize(), together.length);
  }

  @Test
  void widePointwiseAndGroupedLayersStayAsTheyAre() {
    assertNull(VectorJoinedPixels.of(square(16, 64, 64, 5, 1, 1)));
    assertNull(VectorJoinedPixels.of(square(16, 3, 16, 1, 1, 1)));
    assertNull(VectorJoinedPixels.of(square(16, 4, 8, 3, 1, 2)));
  }
}
