package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.Floats.dirty;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests how the sums of a weight's gradient are shared out: in many pieces, in few, in one. */
class VectorWinogradGradientTest {
  /** The bound that {@link VectorWinograd} promises, relative to the largest output. */
  private static final double BOUND = 1e-4;

  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  @ParameterizedTest(name = "{0}x{1} n{2} {3}x{4} {5}->{6} in {7}: {8} pieces")
  @CsvSource({
    "3, 3, 70, 15, 16, 18, 20, 1, 8",
    "3, 3, 70, 15, 16, 70, 64, 1, 4",
    "3, 3, 20, 15, 16, 70, 64, 1, 2",
    "3, 3, 17, 15, 16, 200, 180, 1, 1",
    "3, 3, 130, 7, 5, 130, 257, 1, 1",
    "5, 5, 70, 9, 10, 34, 40, 1, 4",
    "1, 5, 70, 1, 40, 130, 128, 1, 5",
    "3, 3, 70, 15, 16, 96, 96, 3, 8"
  })
  void agreesWithTheDirectSumWithAnyNumberOfThreads(
      int kernelHeight,
      int kernelWidth,
      int batch,
      int height,
      int width,
      int in,
      int out,
      int groups,
      int pieces) {
    int pad = kernelWidth / 2;
    ConvGeometry g =
        VectorWinogradTest.geometry(
            kernelHeight, kernelWidth, batch, height, width, in, out, pad, pad, pad, groups);
    assertEquals(pieces, gradient(g).parts());
    Random random = new Random(7);
    float[] x = Floats.noise(random, batch * height * width * in);
    float[] dy = Floats.noise(random, batch * height * width * out);
    float[] direct = new float[kernelHeight * kernelWidth * in / groups * out];
    new VectorWeightGradient(g, x, dy).run(direct);
    double[] expected = new double[direct.length];
    Arrays.setAll(expected, k -> direct[k]);
    float[] single = transformed(g, x, dy, 1);
    Floats.assertClose("weight gradient", expected, single, BOUND);
    for (int threads : new int[] {2, 3, 6}) {
      assertArrayEquals(single, transformed(g, x, dy, threads));
    }
  }

  private static VectorWinogradGradient gradient(ConvGeometry g) {
    return new VectorWinogradGradient(
        g.batch(),
        WindowAxis.rows(g),
        WindowAxis.columns(g),
        g.inChannels(),
        g.outChannels(),
        g.groups());
  }

  private static float[] transformed(ConvGeometry g, float[] x, float[] dy, int threads) {
    float[] dw = dirty(g.kernelHeight() * g.kernelWidth() * g.groupIn() * g.outChannels());
    VectorAssumptions.inPool(threads, () -> gradient(g).run(x, dy, dw));
    return dw;
  }
}
