package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.Floats.assertClose;
import static org.espalier.tensor.internal.Floats.filled;
import static org.espalier.tensor.internal.Floats.noise;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests {@link VectorConv} against a double-precision sum, forward and both gradients. */
@AddLifecycleHook(VectorAssumptions.ForProperties.class)
class VectorConvTest {
  /** Largest error, relative to the largest number. */
  private static final double ROUNDING = 1e-5;

  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  private static void checkAll(ConvGeometry g) {
    NaiveConv naive = new NaiveConv(g);
    Random random = new Random(g.hashCode());
    float[] x = noise(random, naive.xSize());
    float[] w = noise(random, naive.weightSize());
    float[] dy = noise(random, naive.ySize());
    float[] bias = noise(random, g.outChannels());
    assertClose(
        "forward of " + g,
        naive.forward(x, w, bias),
        filled(dy.length, y -> VectorConv.forward(g, x, VectorWeight.changing(w), bias, null, y)),
        ROUNDING);
    assertClose(
        "forward without bias of " + g,
        naive.forward(x, w, null),
        filled(dy.length, y -> VectorConv.forward(g, x, VectorWeight.changing(w), null, null, y)),
        ROUNDING);
    assertClose(
        "input gradient of " + g,
        naive.gradInput(dy, w),
        filled(x.length, dx -> VectorConv.gradInput(g, dy, VectorWeight.changing(w), dx)),
        ROUNDING);
    assertClose(
        "weight gradient of " + g,
        naive.gradWeight(x, dy),
        filled(w.length, dw -> VectorConv.gradWeight(g, x, dy, dw)),
        ROUNDING);
  }

  /** Returns a square geometry with the output size that the padding gives. */
  private static ConvGeometry square(
      int batch,
      int size,
      int in,
      int out,
      int kernel,
      int stride,
      int pad,
      int dilation,
      int groups) {
    int outSize = (size + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    return new ConvGeometry(
        batch, size, size, in, outSize, outSize, out, kernel, kernel, stride, stride, dilation,
        dilation, pad, pad, groups);
  }

  @ParameterizedTest(name = "n{0} {1}x{1} {2}->{3} k{4} s{5} p{6} d{7} g{8}")
  @CsvSource({
    // the shapes of the networks, small
    "2, 16, 16, 16, 3, 1, 1, 1, 1",
    "2, 8, 64, 64, 3, 1, 1, 1, 1",
    "1, 8, 32, 64, 3, 2, 1, 1, 1",
    "2, 8, 20, 43, 1, 1, 0, 1, 1",
    "2, 9, 16, 32, 1, 2, 0, 1, 1",
    "1, 20, 3, 16, 3, 1, 1, 1, 1",
    "1, 28, 1, 6, 5, 1, 2, 1, 1",
    "1, 30, 3, 19, 7, 2, 3, 1, 1",
    "2, 4, 70, 130, 3, 1, 1, 1, 1",
    "3, 2, 33, 20, 3, 1, 1, 1, 1",
    "2, 1, 40, 50, 3, 1, 1, 1, 1",
    // awkward channels, kernels, strides
    "2, 7, 10, 19, 3, 1, 1, 1, 1",
    "2, 7, 43, 3, 3, 2, 1, 1, 1",
    "1, 9, 5, 7, 2, 1, 0, 1, 1",
    "1, 9, 5, 7, 2, 3, 1, 1, 1",
    "2, 11, 4, 6, 5, 2, 2, 1, 1",
    "1, 12, 6, 5, 7, 4, 3, 1, 1",
    "1, 13, 8, 9, 3, 1, 2, 2, 1",
    "1, 13, 8, 9, 3, 2, 2, 2, 1",
    "1, 14, 3, 2, 3, 3, 4, 2, 1",
    "1, 17, 2, 3, 4, 2, 3, 3, 1",
    "1, 5, 3, 4, 1, 3, 0, 1, 1",
    "2, 6, 3, 4, 1, 1, 1, 1, 1",
    // groups
    "2, 8, 16, 16, 3, 1, 1, 1, 2",
    "1, 8, 24, 16, 3, 2, 1, 1, 8",
    "1, 7, 12, 18, 1, 1, 0, 1, 3",
    "1, 9, 10, 5, 5, 1, 2, 1, 5",
    "1, 8, 80, 80, 3, 1, 1, 1, 2"
  })
  void squareConvolutionsMatchTheOracle(
      int batch,
      int size,
      int in,
      int out,
      int kernel,
      int stride,
      int pad,
      int dilation,
      int groups) {
    checkAll(square(batch, size, in, out, kernel, stride, pad, dilation, groups));
  }

  @Test
  void aTapThatReadsBehindTheLastPixelReadsNothing() {
    checkAll(new ConvGeometry(2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 2, 1, 3, 0, 3, 1));
  }

  @Property(tries = 300)
  void anyGeometryMatchesTheOracle(
      @ForAll @IntRange(min = 1, max = 9) int inHeight,
      @ForAll @IntRange(min = 1, max = 9) int inWidth,
      @ForAll @IntRange(min = 1, max = 4) int kernelHeight,
      @ForAll @IntRange(min = 1, max = 4) int kernelWidth,
      @ForAll @IntRange(min = 1, max = 3) int strideHeight,
      @ForAll @IntRange(min = 1, max = 3) int strideWidth,
      @ForAll @IntRange(min = 1, max = 3) int dilationHeight,
      @ForAll @IntRange(min = 1, max = 3) int dilationWidth,
      @ForAll @IntRange(min = 0, max = 3) int padTop,
      @ForAll @IntRange(min = 0, max = 3) int padLeft,
      @ForAll @IntRange(min = 0, max = 3) int padFar,
      @ForAll @IntRange(min = 1, max = 2) int groups,
      @ForAll @IntRange(min = 1, max = 7) int groupIn,
      @ForAll @IntRange(min = 1, max = 7) int groupOut) {
    int spareHeight = inHeight + padTop + padFar - dilationHeight * (kernelHeight - 1) - 1;
    int spareWidth = inWidth + padLeft + padFar - dilationWidth * (kernelWidth - 1) - 1;
    Assume.that(spareHeight >= 0 && spareWidth >= 0);
    checkAll(
        new ConvGeometry(
            2,
            inHeight,
            inWidth,
            groups * groupIn,
            spareHeight / strideHeight + 1,
            spareWidth / strideWidth + 1,
            groups * groupOut,
            kernelHeight,
            kernelWidth,
            strideHeight,
            strideWidth,
            dilationHeight,
            dilationWidth,
            padTop,
            padLeft,
            groups));
  }

  @Test
  void sequencesOfHeightOneMatchTheOracle() {
    for (int kernel : new int[] {1, 3, 5, 8}) {
      int pad = kernel / 2;
      int length = 50 + 2 * pad - kernel + 1;
      checkAll(new ConvGeometry(2, 1, 50, 9, 1, length, 20, 1, kernel, 1, 1, 1, 1, 0, pad, 1));
    }
  }

  @Test
  void bitsDoNotDependOnThreads() {
    for (ConvGeometry g :
        new ConvGeometry[] {
          square(5, 16, 20, 24, 3, 1, 1, 1, 1), square(3, 15, 16, 32, 3, 2, 1, 1, 2)
        }) {
      NaiveConv naive = new NaiveConv(g);
      Random random = new Random(5);
      float[] x = noise(random, naive.xSize());
      float[] w = noise(random, naive.weightSize());
      float[] dy = noise(random, naive.ySize());
      float[][][] results = new float[3][3][];
      for (int threads = 1; threads <= 3; threads++) {
        float[][] result = results[threads - 1];
        VectorAssumptions.inPool(
            threads,
            () -> {
              result[0] =
                  filled(
                      dy.length,
                      y -> VectorConv.forward(g, x, VectorWeight.changing(w), null, null, y));
              result[1] =
                  filled(x.length, dx -> VectorConv.gradInput(g, dy, VectorWeight.changing(w), dx));
              result[2] = filled(w.length, dw -> VectorConv.gradWeight(g, x, dy, dw));
            });
      }
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(results[0][i], results[1][i]);
        assertArrayEquals(results[0][i], results[2][i]);
      }
    }
  }

  @Test
  void silencedChannelsGiveTheBitsOfTheCompactConvolution() {
    ConvGeometry wide = square(2, 9, 20, 30, 3, 2, 1, 1, 1);
    ConvGeometry compact = square(2, 9, 13, 30, 3, 2, 1, 1, 1);
    Random random = new Random(6);
    float[] x = noise(random, new NaiveConv(compact).xSize());
    float[] w = noise(random, new NaiveConv(compact).weightSize());
    float[] y =
        filled(
            new NaiveConv(compact).ySize(),
            out -> VectorConv.forward(compact, x, VectorWeight.changing(w), null, null, out));
    float[] wideX = noise(random, new NaiveConv(wide).xSize());
    float[] wideW = new float[new NaiveConv(wide).weightSize()];
    spread(x, 13, wideX, 20);
    spread(w, 13, wideW, 20);
    assertArrayEquals(
        y,
        filled(
            y.length,
            out -> VectorConv.forward(wide, wideX, VectorWeight.changing(wideW), null, null, out)));
    assertTrue(y.length > 0);
  }

  /** Copies rows of {@code few} numbers to places 0, 1, 3, 4, 6, 7 ... of rows of {@code many}. */
  private static void spread(float[] from, int few, float[] to, int many) {
    for (int i = 0; i < from.length; i++) {
      int place = i % few * 3 / 2;
      to[i / few * many + place] = from[i];
    }
  }
}
