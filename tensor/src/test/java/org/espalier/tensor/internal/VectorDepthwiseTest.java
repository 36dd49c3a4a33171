package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.Floats.assertClose;
import static org.espalier.tensor.internal.Floats.filled;
import static org.espalier.tensor.internal.Floats.noise;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.espalier.tensor.kernel.ConvGeometry;

/** Tests {@link VectorDepthwise} against a double-precision sum, forward and both gradients. */
@AddLifecycleHook(VectorAssumptions.ForProperties.class)
class VectorDepthwiseTest {
  /** Largest error, relative to the largest number. */
  private static final double ROUNDING = 3e-6;

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
        filled(dy.length, y -> VectorDepthwise.forward(g, x, w, bias, null, y)),
        ROUNDING);
    assertClose(
        "forward without bias of " + g,
        naive.forward(x, w, null),
        filled(dy.length, y -> VectorDepthwise.forward(g, x, w, null, null, y)),
        ROUNDING);
    assertClose(
        "input gradient of " + g,
        naive.gradInput(dy, w),
        filled(x.length, dx -> VectorDepthwise.gradInput(g, dy, w, dx)),
        ROUNDING);
    assertClose(
        "weight gradient of " + g,
        naive.gradWeight(x, dy),
        filled(w.length, dw -> VectorDepthwise.gradWeight(g, x, dy, dw)),
        ROUNDING);
  }

  /** Returns a square geometry with the output size that the padding gives. */
  private static ConvGeometry square(
      int batch, int size, int channels, int kernel, int stride, int pad, int dilation) {
    return ConvKernelsTest.geometry(
        batch, size, size, channels, channels, kernel, stride, dilation, pad, channels);
  }

  @Example
  void everyNumberOfChannelsMatchesTheOracle() {
    for (int channels = 2; channels <= 70; channels++) {
      for (int stride = 1; stride <= 2; stride++) {
        checkAll(square(2, 6, channels, 3, stride, 1, 1));
      }
      checkAll(square(1, 5, channels, 5, 1, 2, 1));
    }
  }

  @Example
  void everySmallImageAndPaddingMatchesTheOracle() {
    for (int size = 1; size <= 9; size++) {
      for (int pad = 0; pad <= 3; pad++) {
        for (int stride = 1; stride <= 3; stride++) {
          if (size + 2 * pad >= 3) {
            checkAll(square(2, size, 5, 3, stride, pad, 1));
            checkAll(square(2, size, 19, 3, stride, pad, 1));
          }
        }
      }
    }
  }

  @Property(tries = 400)
  void anyGeometryMatchesTheOracle(
      @ForAll @IntRange(min = 2, max = 70) int channels,
      @ForAll @IntRange(min = 1, max = 9) int inHeight,
      @ForAll @IntRange(min = 1, max = 9) int inWidth,
      @ForAll @IntRange(min = 1, max = 5) int kernelHeight,
      @ForAll @IntRange(min = 1, max = 5) int kernelWidth,
      @ForAll @IntRange(min = 1, max = 3) int strideHeight,
      @ForAll @IntRange(min = 1, max = 3) int strideWidth,
      @ForAll @IntRange(min = 1, max = 3) int dilationHeight,
      @ForAll @IntRange(min = 1, max = 3) int dilationWidth,
      @ForAll @IntRange(min = 0, max = 6) int padTop,
      @ForAll @IntRange(min = 0, max = 6) int padLeft,
      @ForAll @IntRange(min = 0, max = 6) int padFar) {
    check(
        new int[] {2, inHeight, inWidth, channels},
        new int[] {kernelHeight, kernelWidth},
        new int[] {strideHeight, strideWidth},
        new int[] {dilationHeight, dilationWidth},
        new int[] {padTop, padLeft, padFar});
  }

  @Property(tries = 400)
  void anyBorderOfThreeByThreeMatchesTheOracle(
      @ForAll @IntRange(min = 2, max = 40) int channels,
      @ForAll @IntRange(min = 1, max = 9) int inHeight,
      @ForAll @IntRange(min = 1, max = 9) int inWidth,
      @ForAll @IntRange(min = 1, max = 2) int strideHeight,
      @ForAll @IntRange(min = 1, max = 2) int strideWidth,
      @ForAll @IntRange(min = 0, max = 3) int padTop,
      @ForAll @IntRange(min = 0, max = 3) int padLeft,
      @ForAll @IntRange(min = 0, max = 3) int padFar) {
    check(
        new int[] {2, inHeight, inWidth, channels},
        new int[] {3, 3},
        new int[] {strideHeight, strideWidth},
        new int[] {1, 1},
        new int[] {padTop, padLeft, padFar});
  }

  private static void check(int[] x, int[] kernel, int[] stride, int[] dilation, int[] pad) {
    int spareHeight = x[1] + pad[0] + pad[2] - dilation[0] * (kernel[0] - 1) - 1;
    int spareWidth = x[2] + pad[1] + pad[2] - dilation[1] * (kernel[1] - 1) - 1;
    Assume.that(spareHeight >= 0 && spareWidth >= 0);
    int height = spareHeight / stride[0] + 1;
    int width = spareWidth / stride[1] + 1;
    checkAll(
        new ConvGeometry(
            x[0],
            x[1],
            x[2],
            x[3],
            height,
            width,
            x[3],
            kernel[0],
            kernel[1],
            stride[0],
            stride[1],
            dilation[0],
            dilation[1],
            pad[0],
            pad[1],
            x[3]));
  }

  @Example
  void columnsThatNoOutputReadsAreNoHarm() {
    checkAll(new ConvGeometry(1, 100, 4, 12, 98, 1, 12, 3, 3, 1, 2, 1, 1, 0, 0, 12));
  }

  @Example
  void sequencesMatchTheOracle() {
    for (int channels : new int[] {6, 40}) {
      for (int kernel : new int[] {1, 3, 8}) {
        int length = 50 + 2 * (kernel / 2) - kernel + 1;
        checkAll(
            new ConvGeometry(
                2,
                1,
                50,
                channels,
                1,
                length,
                channels,
                1,
                kernel,
                1,
                1,
                1,
                1,
                0,
                kernel / 2,
                channels));
      }
    }
  }

  @Example
  void bandsOfLargeImagesMatchTheOracle() {
    checkAll(square(1, 70, 34, 3, 1, 1, 1));
    checkAll(square(1, 71, 34, 3, 2, 1, 1));
    checkAll(square(1, 60, 12, 3, 1, 1, 1));
    checkAll(square(1, 60, 12, 3, 2, 1, 1));
    checkAll(square(1, 60, 20, 5, 2, 2, 1));
  }

  /** Large enough to be read ahead: the kernels must not mind the border rows. */
  @Example
  void imagesThatNoCacheHoldsAreComputedAsSmallOnes() {
    for (int stride = 1; stride <= 2; stride++) {
      ConvGeometry large = square(70, 40, 20, 3, stride, 1, 1);
      ConvGeometry small = square(1, 40, 20, 3, stride, 1, 1);
      assertTrue(ReadAhead.pays(new NaiveConv(large).xSize() + new NaiveConv(large).ySize()));
      Random random = new Random(8);
      float[] x = noise(random, new NaiveConv(large).xSize());
      float[] w = noise(random, new NaiveConv(large).weightSize());
      float[] dy = noise(random, new NaiveConv(large).ySize());
      float[] lastX = Arrays.copyOfRange(x, x.length / 70 * 69, x.length);
      float[] lastDy = Arrays.copyOfRange(dy, dy.length / 70 * 69, dy.length);
      float[] y = filled(dy.length, out -> VectorDepthwise.forward(large, x, w, null, null, out));
      float[] dx = filled(x.length, out -> VectorDepthwise.gradInput(large, dy, w, out));
      float[] dw = filled(w.length, out -> VectorDepthwise.gradWeight(large, x, dy, out));
      assertArrayEquals(
          filled(lastDy.length, out -> VectorDepthwise.forward(small, lastX, w, null, null, out)),
          Arrays.copyOfRange(y, dy.length / 70 * 69, dy.length));
      assertArrayEquals(
          filled(lastX.length, out -> VectorDepthwise.gradInput(small, lastDy, w, out)),
          Arrays.copyOfRange(dx, x.length / 70 * 69, x.length));
      assertClose("weight gradient", new NaiveConv(large).gradWeight(x, dy), dw, ROUNDING);
    }
  }

  @Example
  void bitsDoNotDependOnThreads() {
    for (ConvGeometry g :
        new ConvGeometry[] {
          square(5, 16, 20, 3, 1, 1, 1),
          square(5, 17, 40, 3, 2, 1, 1),
          square(3, 24, 10, 3, 2, 1, 1),
          square(3, 15, 33, 5, 1, 2, 1)
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
              result[0] = filled(dy.length, y -> VectorDepthwise.forward(g, x, w, null, null, y));
              result[1] = filled(x.length, dx -> VectorDepthwise.gradInput(g, dy, w, dx));
              result[2] = filled(w.length, dw -> VectorDepthwise.gradWeight(g, x, dy, dw));
            });
      }
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(results[0][i], results[1][i]);
        assertArrayEquals(results[0][i], results[2][i]);
      }
    }
  }

  @Example
  void channelsKeepTheirBitsWhenOthersAreCut() {
    int many = 43;
    for (int few : new int[] {3, 10, 19, 33}) {
      for (int stride = 1; stride <= 3; stride++) {
        ConvGeometry wide = square(2, 9, many, 3, stride, 1, 1);
        ConvGeometry compact = square(2, 9, few, 3, stride, 1, 1);
        Random random = new Random(6);
        float[] x = noise(random, new NaiveConv(wide).xSize());
        float[] w = noise(random, new NaiveConv(wide).weightSize());
        float[] dy = noise(random, new NaiveConv(wide).ySize());
        float[] cutX = cut(x, many, few);
        float[] cutW = Arrays.copyOf(w, few * 9);
        float[] cutDy = cut(dy, many, few);
        float[] y = filled(dy.length, out -> VectorDepthwise.forward(wide, x, w, null, null, out));
        float[] dx = filled(x.length, out -> VectorDepthwise.gradInput(wide, dy, w, out));
        assertArrayEquals(
            cut(y, many, few),
            filled(
                cutDy.length,
                out -> VectorDepthwise.forward(compact, cutX, cutW, null, null, out)));
        assertArrayEquals(
            cut(dx, many, few),
            filled(cutX.length, out -> VectorDepthwise.gradInput(compact, cutDy, cutW, out)));
      }
    }
  }

  /** Keeps the first {@code few} numbers of rows of {@code many}. */
  private static float[] cut(float[] from, int many, int few) {
    float[] cut = new float[from.length / many * few];
    for (int i = 0; i < cut.length; i++) {
      cut[i] = from[i / few * many + i % few];
    }
    return cut;
  }

  @Example
  void longSumsAreAsExactAsShortOnes() {
    for (int stride = 1; stride <= 2; stride++) {
      ConvGeometry g = square(8, 150, 3, 3, stride, 1, 1);
      NaiveConv naive = new NaiveConv(g);
      Random random = new Random(7);
      float[] x = noise(random, naive.xSize());
      float[] dy = noise(random, naive.ySize());
      for (int i = 0; i < x.length; i++) {
        x[i] += 0.5f;
      }
      for (int i = 0; i < dy.length; i++) {
        dy[i] += 0.5f;
      }
      double[] expected = naive.gradWeight(x, dy);
      float[] dw = filled(expected.length, out -> VectorDepthwise.gradWeight(g, x, dy, out));
      for (int i = 0; i < dw.length; i++) {
        assertEquals(expected[i], dw[i], 5e-7 * expected[i]);
      }
    }
  }
}
