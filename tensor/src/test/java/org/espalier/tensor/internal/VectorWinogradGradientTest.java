package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.Floats.dirty;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

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

  /** The number of tiles and the size of the sums decide: the first row has eight pieces. */
  @ParameterizedTest(name = "n{0} {1}x{2} {3}->{4}")
  @CsvSource({
    "70, 15, 16, 18, 20",
    "70, 15, 16, 70, 64",
    "17, 15, 16, 200, 180",
    "130, 7, 5, 130, 257",
  })
  void agreesWithTheDirectSumWithAnyNumberOfThreads(
      int batch, int height, int width, int in, int out) {
    ConvGeometry g = VectorWinogradTest.geometry(3, 3, batch, height, width, in, out, 1, 1, 1, 1);
    Random random = new Random(7);
    float[] x = Floats.noise(random, batch * height * width * in);
    float[] dy = Floats.noise(random, batch * height * width * out);
    float[] direct = new float[9 * in * out];
    new VectorWeightGradient(g, x, dy).run(direct);
    float[] single = transformed(g, x, dy, 1);
    double[] expected = new double[direct.length];
    Arrays.setAll(expected, k -> direct[k]);
    Floats.assertClose("weight gradient", expected, single, BOUND);
    assertArrayEquals(single, transformed(g, x, dy, 2));
    assertArrayEquals(single, transformed(g, x, dy, 3));
  }

  private static float[] transformed(ConvGeometry g, float[] x, float[] dy, int threads) {
    float[] dw = dirty(9 * g.inChannels() * g.outChannels());
    VectorAssumptions.inPool(
        threads,
        () ->
            new VectorWinogradGradient(
                    g.batch(),
                    WindowAxis.rows(g),
                    WindowAxis.columns(g),
                    g.inChannels(),
                    g.outChannels(),
                    1)
                .run(x, dy, dw));
    return dw;
  }
}
