package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.Floats.assertClose;
import static org.espalier.tensor.internal.Floats.filled;
import static org.espalier.tensor.internal.Floats.noise;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests {@link SparseConv} with both kinds of loops against a double-precision sum. */
class SparseConvTest {
  private static final double ROUNDING = 1e-5;

  /** Returns the plain loops, and those with vectors where this JVM has any. */
  private static List<SparseLoops> loops() {
    boolean vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return vectors ? List.of(new ScalarSparse(), new VectorSparse()) : List.of(new ScalarSparse());
  }

  private static float[] sparse(Random random, int size, double density) {
    float[] values = noise(random, size);
    for (int i = 0; i < size; i++) {
      if (random.nextDouble() >= density) {
        values[i] = random.nextBoolean() ? 0f : -0f;
      }
    }
    return values;
  }

  private static Tensor weight(ConvGeometry g, float... values) {
    return Tensor.of(
            Shape.of(g.outChannels(), g.kernelHeight(), g.kernelWidth(), g.inChannels()), values)
        .frozen();
  }

  private static void check(ConvGeometry g, double density) {
    NaiveConv naive = new NaiveConv(g);
    Random random = new Random(g.hashCode());
    float[] x = noise(random, naive.xSize());
    float[] values = sparse(random, naive.weightSize(), density);
    float[] bias = noise(random, g.outChannels());
    Tensor weight = weight(g, values);
    for (SparseLoops loops : loops()) {
      String what = loops.getClass().getSimpleName() + " on " + g;
      assertClose(
          what,
          naive.forward(x, values, bias),
          filled(naive.ySize(), y -> SparseConv.forward(g, loops, x, weight, bias, null, y)),
          ROUNDING);
      Tensor changing = Tensor.of(weight.shape(), values);
      assertClose(
          what + " without bias",
          naive.forward(x, values, null),
          filled(naive.ySize(), y -> SparseConv.forward(g, loops, x, changing, null, null, y)),
          ROUNDING);
    }
  }

  @Property(tries = 150)
  void agreesWithTheDenseSum(
      @ForAll @IntRange(min = 1, max = 21) int batch,
      @ForAll @IntRange(min = 1, max = 10) int size,
      @ForAll @IntRange(min = 1, max = 37) int in,
      @ForAll @IntRange(min = 1, max = 37) int out,
      @ForAll @IntRange(min = 1, max = 5) int kernel,
      @ForAll @IntRange(min = 1, max = 3) int stride,
      @ForAll @IntRange(min = 1, max = 2) int dilation,
      @ForAll @IntRange(min = 0, max = 3) int pad,
      @ForAll @DoubleRange(min = 0, max = 1) double density) {
    if (size + 2 * pad > dilation * (kernel - 1)) {
      check(
          ConvKernelsTest.geometry(
              batch, size, size + pad, in, out, kernel, stride, dilation, pad, 1),
          density);
    }
  }

  @Property(tries = 60)
  void agreesWithTheDenseProduct(
      @ForAll @IntRange(min = 1, max = 150) int rows,
      @ForAll @IntRange(min = 1, max = 300) int in,
      @ForAll @IntRange(min = 1, max = 40) int out,
      @ForAll @DoubleRange(min = 0, max = 1) double density) {
    check(ConvGeometry.product(rows, in, out), density);
  }

  @Test
  void agreesWhereBlocksOfImagesAndChannelsAreManyAndThreadsShareThem() {
    check(ConvKernelsTest.geometry(67, 2, 2, 70, 19, 3, 1, 1, 1, 1), 0.1);
    check(ConvKernelsTest.geometry(70, 4, 4, 64, 33, 3, 1, 1, 1, 1), 0.1);
    check(ConvKernelsTest.geometry(20, 16, 16, 33, 70, 3, 2, 1, 1, 1), 0.1);
    check(ConvKernelsTest.geometry(3, 40, 33, 16, 16, 3, 1, 1, 1, 1), 0.1);
    check(ConvKernelsTest.geometry(1, 4, 4, 300, 40, 3, 1, 1, 1, 1), 0.1);
    check(ConvKernelsTest.geometry(0, 4, 4, 3, 4, 3, 1, 1, 1, 1), 0.1);
    check(new ConvGeometry(3, 1, 33, 6, 1, 33, 9, 1, 8, 1, 1, 1, 1, 0, 3, 1), 0.3);
    check(new ConvGeometry(2, 1, 40, 17, 1, 14, 12, 1, 7, 1, 3, 1, 2, 0, 6, 1), 0.3);
  }

  @Test
  void clampsAndWritesTheBiasOfChannelsWithoutWeights() {
    ConvGeometry g = ConvKernelsTest.geometry(2, 5, 5, 4, 3, 3, 1, 1, 1, 1);
    NaiveConv naive = new NaiveConv(g);
    float[] values = new float[naive.weightSize()];
    values[40] = 1;
    float[] x = noise(new Random(1), naive.xSize());
    float[] bias = {2, -1, 9};
    for (SparseLoops loops : loops()) {
      float[] y =
          filled(
              naive.ySize(),
              to -> SparseConv.forward(g, loops, x, weight(g, values), bias, new Clamp(0, 6), to));
      for (int i = 0; i < y.length; i += 3) {
        assertEquals(2, y[i]);
        assertTrue(y[i + 1] >= 0, "clamped from below");
        assertEquals(6, y[i + 2]);
      }
    }
  }

  /** A channel that no weight reads may hold anything; one that is read spoils its outputs. */
  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void numbersThatAreNoneReachOnlyWhatAWeightReads(float bad) {
    ConvGeometry g = ConvKernelsTest.geometry(3, 6, 6, 20, 17, 3, 1, 1, 1, 1);
    NaiveConv naive = new NaiveConv(g);
    Random random = new Random(5);
    float[] values = noise(random, naive.weightSize());
    for (int i = 7; i < values.length; i += 20) {
      values[i] = 0;
    }
    float[] x = noise(random, naive.xSize());
    double[] clean = naive.forward(x, values, null);
    for (SparseLoops loops : loops()) {
      for (int i = 7; i < x.length; i += 20) {
        x[i] = bad;
      }
      assertClose(
          "unread channel",
          clean,
          filled(
              clean.length, y -> SparseConv.forward(g, loops, x, weight(g, values), null, null, y)),
          ROUNDING);
      float before = x[6];
      x[6] = bad;
      double[] spoiled = naive.forward(x, values, null);
      float[] y = new float[clean.length];
      SparseConv.forward(g, loops, x, weight(g, values), null, null, y);
      for (int row = 0; row < 36; row++) {
        boolean reads = row / 6 <= 1 && row % 6 <= 1;
        assertEquals(!reads, Float.isFinite(y[row * 17]), "pixel " + row);
        assertTrue(!reads || Double.isNaN(spoiled[row * 17]), "pixel " + row + " of the oracle");
      }
      x[6] = before;
    }
  }

  @Test
  void bitsDoNotDependOnTheNumberOfThreads() {
    for (ConvGeometry g :
        List.of(
            ConvKernelsTest.geometry(9, 16, 16, 40, 70, 3, 1, 1, 1, 1),
            ConvKernelsTest.geometry(40, 8, 8, 33, 65, 3, 2, 1, 1, 1),
            ConvGeometry.product(200, 100, 130),
            ConvGeometry.product(1, 3000, 200))) {
      NaiveConv naive = new NaiveConv(g);
      Random random = new Random(3);
      float[] x = noise(random, naive.xSize());
      Tensor weight = weight(g, sparse(random, naive.weightSize(), 0.2));
      for (SparseLoops loops : loops()) {
        float[][] results = new float[3][naive.ySize()];
        for (int threads = 1; threads <= 3; threads++) {
          float[] y = results[threads - 1];
          VectorAssumptions.inPool(
              threads, () -> SparseConv.forward(g, loops, x, weight, null, Clamp.RELU, y));
        }
        assertArrayEquals(results[0], results[1]);
        assertArrayEquals(results[0], results[2]);
      }
    }
  }

  @Test
  void aFrozenWeightKeepsItsForm() {
    ConvGeometry g = ConvKernelsTest.geometry(3, 6, 6, 20, 17, 3, 1, 1, 1, 1);
    NaiveConv naive = new NaiveConv(g);
    Tensor weight = weight(g, sparse(new Random(1), naive.weightSize(), 0.1));
    float[] x = noise(new Random(2), naive.xSize());
    float[] first = new float[naive.ySize()];
    SparseConv.forward(g, new ScalarSparse(), x, weight, null, null, first);
    Arrays.fill(weight.f32(), 0);
    float[] second = new float[naive.ySize()];
    SparseConv.forward(g, new ScalarSparse(), x, weight, null, null, second);
    assertArrayEquals(first, second);
  }

  @Test
  void aWeightKeepsTheFormsUsedLastAndNoMore() {
    ConvGeometry g = ConvGeometry.product(1, 40, 30);
    float[] values = sparse(new Random(3), 40 * 30, 0.1);
    Tensor weight = Tensor.of(Shape.of(30, 40), values).frozen();
    SparseForm first = SparseForm.of(weight, g.ofBatch(1), 16);
    assertSame(first, SparseForm.of(weight, g.ofBatch(1), 16));
    assertNotSame(first, SparseForm.of(weight, g.ofBatch(1), 8), "other lanes");
    for (int batch = 2; batch < 9; batch++) {
      SparseForm.of(weight, g.ofBatch(batch), 16);
    }
    assertNotSame(first, SparseForm.of(weight, g.ofBatch(1), 16), "made anew");
  }
}
