package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.Floats.dirty;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the Winograd convolutions against the double-precision sum and the direct kernels. */
class VectorWinogradTest {
  /** The bound that {@link VectorWinograd} promises, relative to the largest output. */
  private static final double BOUND = 1e-4;

  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  private static ConvGeometry geometry(
      int batch, int height, int width, int in, int out, int padTop, int padLeft, int padFar) {
    return geometry(3, 3, batch, height, width, in, out, padTop, padLeft, padFar, 1);
  }

  /** Returns a convolution whose padding is the same behind all sides where it is the same. */
  static ConvGeometry geometry(
      int kernelHeight,
      int kernelWidth,
      int batch,
      int height,
      int width,
      int in,
      int out,
      int padTop,
      int padLeft,
      int padFar,
      int groups) {
    boolean line = kernelHeight == 1;
    return new ConvGeometry(
        batch,
        height,
        width,
        in,
        line ? height : height + padTop + padFar - kernelHeight + 1,
        width + padLeft + padFar - kernelWidth + 1,
        out,
        kernelHeight,
        kernelWidth,
        1,
        1,
        1,
        1,
        line ? 0 : padTop,
        padLeft,
        groups);
  }

  private static float[] gaussian(Random random, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** The three passes of one convolution, by Winograd and nothing else. */
  private record Passes(ConvGeometry g) {
    float[] forward(float[] x, float[] w, float[] bias) {
      return forward(x, w, bias, null);
    }

    float[] forward(float[] x, float[] w, float[] bias, Clamp clamp) {
      float[] y = dirty(new NaiveConv(g).ySize());
      new VectorWinograd(
              g.batch(),
              WindowAxis.rows(g),
              WindowAxis.columns(g),
              g.inChannels(),
              g.outChannels(),
              g.groups())
          .run(x, false, VectorWeight.changing(w), bias, clamp, y);
      return y;
    }

    float[] gradInput(float[] dy, float[] w) {
      float[] dx = dirty(new NaiveConv(g).xSize());
      WindowAxis rows = WindowAxis.rows(g).reversed().get(0);
      WindowAxis columns = WindowAxis.columns(g).reversed().get(0);
      new VectorWinograd(g.batch(), rows, columns, g.outChannels(), g.inChannels(), g.groups())
          .run(dy, true, VectorWeight.changing(w), null, null, dx);
      return dx;
    }

    float[] gradWeight(float[] x, float[] dy) {
      float[] dw = dirty(new NaiveConv(g).weightSize());
      new VectorWinogradGradient(
              g.batch(),
              WindowAxis.rows(g),
              WindowAxis.columns(g),
              g.inChannels(),
              g.outChannels(),
              g.groups())
          .run(x, dy, dw);
      return dw;
    }
  }

  private static void assertBounded(String what, double[] expected, float[] actual) {
    double scale = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], BOUND * scale, what + " at " + i);
    }
  }

  @ParameterizedTest(name = "n{0} {1}x{2} {3}->{4} pads {5} {6} {7}")
  @CsvSource({
    "1, 8, 8, 16, 16, 1, 1, 1",
    "2, 4, 12, 16, 32, 1, 1, 1",
    "2, 7, 5, 19, 43, 1, 1, 1",
    "3, 2, 2, 33, 20, 1, 1, 1",
    "1, 3, 3, 17, 16, 0, 0, 0",
    "2, 9, 10, 31, 65, 0, 2, 1",
    "1, 6, 17, 16, 130, 2, 0, 2",
    "1, 1, 1, 40, 16, 1, 1, 1",
    "1, 5, 6, 270, 30, 1, 1, 1",
    "1, 6, 5, 20, 300, 1, 1, 1",
    "40, 8, 8, 20, 20, 1, 1, 1",
    "2, 8, 9, 10, 10, 1, 1, 1",
    "3, 32, 32, 8, 8, 1, 1, 1",
    "2, 13, 14, 6, 7, 1, 1, 1",
    "3, 4, 4, 7, 6, 1, 1, 1",
    "2, 17, 30, 10, 9, 1, 0, 2",
    "5, 12, 13, 12, 12, 0, 0, 0",
    "2, 16, 31, 20, 24, 1, 1, 1",
    "4, 16, 16, 15, 16, 1, 1, 1",
    "2, 7, 6, 16, 13, 1, 0, 1",
    "1, 9, 6, 8, 15, 1, 1, 1",
    "1, 5, 7, 3, 5, 0, 1, 1"
  })
  void allPassesStayWithinTheBound(
      int batch, int height, int width, int in, int out, int padTop, int padLeft, int padFar) {
    assertAllPassesBounded(geometry(batch, height, width, in, out, padTop, padLeft, padFar));
  }

  @ParameterizedTest(name = "{0}x{1} n{2} {3}x{4} {5}->{6} pads {7} {8} {9}")
  @CsvSource({
    "5, 5, 1, 8, 8, 16, 16, 2, 2, 2",
    "5, 5, 2, 7, 9, 19, 43, 2, 2, 2",
    "5, 5, 3, 2, 2, 33, 20, 2, 2, 2",
    "5, 5, 1, 5, 5, 17, 16, 0, 0, 0",
    "5, 5, 2, 9, 10, 31, 65, 0, 3, 1",
    "5, 5, 1, 6, 17, 16, 130, 4, 1, 3",
    "5, 5, 1, 3, 4, 20, 24, 4, 4, 4",
    "5, 5, 1, 1, 1, 40, 16, 2, 2, 2",
    "5, 5, 1, 5, 6, 270, 30, 2, 2, 2",
    "5, 5, 1, 6, 5, 20, 300, 2, 2, 2",
    "5, 5, 20, 7, 8, 20, 20, 2, 2, 2",
    "5, 5, 2, 9, 8, 10, 13, 2, 1, 2",
    "5, 5, 3, 13, 30, 9, 10, 2, 2, 2",
    "5, 5, 1, 9, 7, 3, 5, 1, 2, 2",
    "1, 5, 3, 1, 50, 16, 32, 0, 2, 2",
    "1, 5, 2, 1, 37, 19, 43, 0, 2, 2",
    "1, 5, 2, 1, 9, 270, 300, 0, 0, 4",
    "1, 5, 2, 6, 9, 17, 20, 0, 4, 1",
    "1, 5, 1, 1, 5, 16, 16, 0, 0, 0",
    "1, 5, 40, 3, 11, 10, 13, 0, 1, 2",
    "1, 3, 3, 1, 50, 16, 32, 0, 1, 1",
    "1, 3, 2, 1, 38, 19, 43, 0, 1, 1",
    "1, 3, 2, 1, 9, 270, 300, 0, 0, 2",
    "1, 3, 2, 6, 9, 17, 20, 0, 2, 1",
    "1, 3, 40, 3, 11, 10, 13, 0, 1, 1",
    "1, 3, 1, 1, 3, 5, 3, 0, 0, 0"
  })
  void otherKernelsStayWithinTheBoundInAllPasses(
      int kernelHeight,
      int kernelWidth,
      int batch,
      int height,
      int width,
      int in,
      int out,
      int padTop,
      int padLeft,
      int padFar) {
    assertAllPassesBounded(
        geometry(
            kernelHeight, kernelWidth, batch, height, width, in, out, padTop, padLeft, padFar, 1));
  }

  private static void assertAllPassesBounded(ConvGeometry g) {
    assertTrue(VectorWinogradChoice.fits(g));
    NaiveConv naive = new NaiveConv(g);
    Random random = new Random(g.hashCode());
    float[] x = gaussian(random, naive.xSize());
    float[] w = gaussian(random, naive.weightSize());
    float[] dy = gaussian(random, naive.ySize());
    float[] bias = gaussian(random, g.outChannels());
    Passes passes = new Passes(g);
    assertBounded("forward", naive.forward(x, w, bias), passes.forward(x, w, bias));
    assertBounded("without bias", naive.forward(x, w, null), passes.forward(x, w, null));
    assertBounded("input gradient", naive.gradInput(dy, w), passes.gradInput(dy, w));
    assertBounded("weight gradient", naive.gradWeight(x, dy), passes.gradWeight(x, dy));
  }

  /** Channels are given as vectors a group and halves of vectors. */
  @ParameterizedTest(name = "{2} groups of {3}/2 -> {4}/2 vectors, {0}x{1}")
  @CsvSource({
    "3, 3, 2, 2, 2",
    "3, 3, 3, 2, 4",
    "3, 3, 2, 4, 2",
    "3, 3, 8, 1, 1",
    "3, 3, 2, 1, 1",
    "3, 3, 4, 1, 2",
    "3, 3, 6, 2, 1",
    "5, 5, 2, 2, 4",
    "5, 5, 4, 1, 2",
    "1, 5, 3, 2, 2",
    "1, 3, 2, 4, 2"
  })
  void groupsStayWithinTheBoundInAllPasses(
      int kernelHeight, int kernel, int groups, int halvesIn, int halvesOut) {
    int in = groups * halvesIn * VectorPanels.LANES / 2;
    int out = groups * halvesOut * VectorPanels.LANES / 2;
    int pad = kernel / 2;
    ConvGeometry grouped =
        geometry(kernelHeight, kernel, 5, 12, 11, in, out, pad, pad, pad, groups);
    boolean joined = VectorJoinedGroups.of(grouped) != null;
    assertEquals(Math.min(halvesIn, halvesOut) == 1, joined);
    assertTrue(joined || VectorWinogradChoice.serves(grouped));
    NaiveConv naive = new NaiveConv(grouped);
    Random random = new Random(grouped.hashCode());
    float[] x = gaussian(random, naive.xSize());
    float[] w = gaussian(random, naive.weightSize());
    float[] dy = gaussian(random, naive.ySize());
    float[] bias = gaussian(random, grouped.outChannels());
    float[] y = dirty(naive.ySize());
    VectorConv.forward(grouped, x, VectorWeight.changing(w), bias, null, y);
    assertBounded("forward", naive.forward(x, w, bias), y);
    float[] dx = dirty(naive.xSize());
    VectorConv.gradInput(grouped, dy, VectorWeight.changing(w), dx);
    assertBounded("input gradient", naive.gradInput(dy, w), dx);
    float[] dw = dirty(naive.weightSize());
    VectorConv.gradWeight(grouped, x, dy, dw);
    assertBounded("weight gradient", naive.gradWeight(x, dy), dw);
  }

  @ParameterizedTest
  @CsvSource({"3, 3", "5, 5", "1, 3", "1, 5"})
  void badlyScaledChannelsStayWithinTheBound(int kernelHeight, int kernelWidth) {
    ConvGeometry g = geometry(kernelHeight, kernelWidth, 2, 8, 8, 64, 64, 2, 2, 2, 1);
    NaiveConv naive = new NaiveConv(g);
    Random random = new Random(8);
    float[] x = gaussian(random, naive.xSize());
    float[] w = gaussian(random, naive.weightSize());
    for (int i = 0; i < x.length; i++) {
      x[i] = x[i] * (float) Math.pow(10, i % 64 % 5 - 2) + 10;
    }
    assertBounded("forward", naive.forward(x, w, null), new Passes(g).forward(x, w, null));
  }

  @ParameterizedTest
  @CsvSource({"3, 3, 16", "5, 5, 16", "5, 5, 10", "1, 3, 19", "1, 5, 32"})
  void clampingIsTheLastStep(int kernelHeight, int kernelWidth, int out) {
    ConvGeometry g = geometry(kernelHeight, kernelWidth, 2, 7, 9, 16, out, 1, 1, 1, 1);
    Random random = new Random(9);
    float[] x = gaussian(random, new NaiveConv(g).xSize());
    float[] w = gaussian(random, new NaiveConv(g).weightSize());
    float[] bias = gaussian(random, out);
    float[] expected = new Passes(g).forward(x, w, bias);
    for (int i = 0; i < expected.length; i++) {
      expected[i] = Math.min(6, Math.max(0, expected[i]));
    }
    assertArrayEquals(expected, new Passes(g).forward(x, w, bias, new Clamp(0, 6)));
  }

  @ParameterizedTest
  @CsvSource({"3, 3, 9, 15, 16", "5, 5, 9, 15, 16", "1, 5, 16, 1, 150", "5, 5, 1, 21, 22"})
  void bitsDoNotDependOnThreads(
      int kernelHeight, int kernelWidth, int batch, int height, int width) {
    ConvGeometry g = geometry(kernelHeight, kernelWidth, batch, height, width, 20, 24, 1, 1, 1, 1);
    NaiveConv naive = new NaiveConv(g);
    Random random = new Random(5);
    float[] x = gaussian(random, naive.xSize());
    float[] w = gaussian(random, naive.weightSize());
    float[] dy = gaussian(random, naive.ySize());
    Passes passes = new Passes(g);
    float[][][] results = new float[3][3][];
    for (int threads = 1; threads <= 3; threads++) {
      float[][] result = results[threads - 1];
      VectorAssumptions.inPool(
          threads,
          () -> {
            result[0] = passes.forward(x, w, null);
            result[1] = passes.gradInput(dy, w);
            result[2] = passes.gradWeight(x, dy);
          });
    }
    for (int i = 0; i < 3; i++) {
      assertArrayEquals(results[0][i], results[1][i]);
      assertArrayEquals(results[0][i], results[2][i]);
    }
  }

  /** Compact layers of few channels and wide ones are computed in different ways. */
  @ParameterizedTest
  @CsvSource({
    "3, 3, 16, 16, 20",
    "3, 3, 16, 6, 6",
    "3, 3, 12, 10, 10",
    "5, 5, 16, 6, 6",
    "5, 5, 9, 16, 20",
    "1, 3, 16, 16, 10",
    "1, 5, 9, 16, 20"
  })
  void silencedChannelsGiveTheBitsOfTheCompactConvolution(
      int kernelHeight, int kernelWidth, int size, int in, int out) {
    ConvGeometry compact = geometry(kernelHeight, kernelWidth, 2, size, size, in, out, 1, 1, 1, 1);
    ConvGeometry wide =
        geometry(kernelHeight, kernelWidth, 2, size, size, 8 * in, 4 * out, 1, 1, 1, 1);
    Random random = new Random(6);
    float[] x = gaussian(random, new NaiveConv(compact).xSize());
    float[] w = gaussian(random, new NaiveConv(compact).weightSize());
    float[] dy = gaussian(random, new NaiveConv(compact).ySize());
    float[] wideX = gaussian(random, 8 * x.length);
    float[] wideW = new float[32 * w.length];
    float[] wideDy = gaussian(random, 4 * dy.length);
    scatter(x, wideX, 8);
    scatter(dy, wideDy, 4);
    int kernels = w.length / out;
    for (int i = 0; i < w.length; i++) {
      wideW[8 * (4 * (i / kernels) * kernels + i % kernels)] = w[i];
    }
    Passes few = new Passes(compact);
    Passes many = new Passes(wide);
    assertArrayEquals(few.forward(x, w, null), gather(many.forward(wideX, wideW, null), 4));
    assertArrayEquals(few.gradInput(dy, w), gather(many.gradInput(wideDy, wideW), 8));
  }

  /** Places channel c of each pixel at channel {@code factor · c} of a wider pixel. */
  private static void scatter(float[] narrow, float[] wide, int factor) {
    for (int i = 0; i < narrow.length; i++) {
      wide[i * factor] = narrow[i];
    }
  }

  private static float[] gather(float[] wide, int factor) {
    float[] narrow = new float[wide.length / factor];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = wide[i * factor];
    }
    return narrow;
  }

  @ParameterizedTest
  @CsvSource({"3, 3", "5, 5", "1, 3", "1, 5"})
  void chosenConvolutionsAgreeWithTheDirectOnes(int kernelHeight, int kernelWidth) {
    ConvGeometry g = geometry(kernelHeight, kernelWidth, 8, 10, 12, 34, 32, 1, 1, 1, 1);
    assertTrue(VectorWinogradChoice.serves(g));
    Random random = new Random(2);
    float[] x = gaussian(random, new NaiveConv(g).xSize());
    float[] w = gaussian(random, new NaiveConv(g).weightSize());
    float[] chosen = dirty(new NaiveConv(g).ySize());
    float[] direct = chosen.clone();
    VectorConv.forward(g, x, VectorWeight.changing(w), null, null, chosen);
    new VectorSweep(g.batch(), WindowAxis.rows(g), WindowAxis.columns(g), 34, 32, 1)
        .run(x, true, VectorWeight.changing(w), null, null, direct);
    assertArrayEquals(new Passes(g).forward(x, w, null), chosen);
    double[] expected = new double[direct.length];
    Arrays.setAll(expected, i -> direct[i]);
    assertBounded("winograd", expected, chosen);
    assertFalse(Arrays.equals(direct, chosen));
  }
}
