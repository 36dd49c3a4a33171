package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.Floats.assertClose;
import static org.espalier.tensor.internal.Floats.dirty;
import static org.espalier.tensor.internal.Floats.noise;
import static org.espalier.tensor.internal.VectorWinogradTest.geometry;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests convolutions with pixels as lanes against the double-precision sum. */
@AddLifecycleHook(VectorAssumptions.ForProperties.class)
class VectorWinogradPlanesTest {
  /** Largest error, relative to the largest number. */
  private static final double ROUNDING = 1e-5;

  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
    assumeTrue(VectorTurn.serves(16), "skipped: squares of 16 need vectors of 512 bits");
  }

  private static float[] forward(ConvGeometry g, float[] x, float[] w, float[] bias, Clamp clamp) {
    float[] y = dirty(new NaiveConv(g).ySize());
    WindowAxis rows = WindowAxis.rows(g);
    WindowAxis columns = WindowAxis.columns(g);
    new VectorWinogradPlanes(g.batch(), rows, columns, g.inChannels(), g.outChannels())
        .run(x, false, VectorWeight.changing(w), bias, clamp, y);
    return y;
  }

  private static float[] gradInput(ConvGeometry g, float[] dy, float[] w) {
    float[] dx = dirty(new NaiveConv(g).xSize());
    WindowAxis rows = WindowAxis.rows(g).reversed().get(0);
    WindowAxis columns = WindowAxis.columns(g).reversed().get(0);
    new VectorWinogradPlanes(g.batch(), rows, columns, g.outChannels(), g.inChannels())
        .run(dy, true, VectorWeight.changing(w), null, null, dx);
    return dx;
  }

  private static void checkBoth(ConvGeometry g) {
    assertTrue(SegmentLayout.serves(WindowAxis.rows(g)));
    assertTrue(SegmentLayout.serves(WindowAxis.columns(g)));
    NaiveConv naive = new NaiveConv(g);
    Random random = new Random(g.hashCode());
    float[] x = noise(random, naive.xSize());
    float[] w = noise(random, naive.weightSize());
    float[] dy = noise(random, naive.ySize());
    float[] bias = noise(random, g.outChannels());
    assertClose(
        "forward of " + g, naive.forward(x, w, bias), forward(g, x, w, bias, null), ROUNDING);
    if (SegmentLayout.serves(WindowAxis.rows(g).reversed().get(0))) {
      assertClose("input gradient of " + g, naive.gradInput(dy, w), gradInput(g, dy, w), ROUNDING);
    }
  }

  @ParameterizedTest(name = "n{0} {1}x{2} {3}->{4} pads {5} {6} {7}")
  @CsvSource({
    "1, 8, 8, 8, 8, 1, 1, 1",
    "3, 32, 32, 16, 8, 1, 1, 1",
    "5, 32, 32, 8, 16, 1, 1, 1",
    "40, 4, 7, 10, 10, 1, 1, 1",
    "33, 9, 10, 16, 10, 1, 1, 1",
    "2, 28, 28, 1, 6, 0, 0, 0",
    "2, 13, 14, 6, 7, 2, 2, 2",
    "3, 7, 90, 12, 12, 0, 2, 1",
    "2, 6, 600, 3, 5, 2, 0, 2",
    "1, 1, 1, 4, 4, 1, 1, 1",
    "2, 5, 9, 6, 8, 3, 1, 1",
    "1, 3, 3, 17, 19, 0, 0, 0",
    "2, 16, 16, 40, 33, 1, 1, 1"
  })
  void bothPassesMatchTheOracle(
      int batch, int height, int width, int in, int out, int padTop, int padLeft, int padFar) {
    checkBoth(geometry(3, 3, batch, height, width, in, out, padTop, padLeft, padFar, 1));
  }

  @Property(tries = 60)
  void anyGeometryMatchesTheOracle(
      @ForAll @IntRange(min = 1, max = 6) int batch,
      @ForAll @IntRange(min = 3, max = 20) int height,
      @ForAll @IntRange(min = 3, max = 40) int width,
      @ForAll @IntRange(min = 1, max = 20) int in,
      @ForAll @IntRange(min = 1, max = 20) int out,
      @ForAll @IntRange(max = 2) int padTop,
      @ForAll @IntRange(max = 2) int padLeft,
      @ForAll @IntRange(max = 2) int padFar) {
    checkBoth(geometry(3, 3, batch, height, width, in, out, padTop, padLeft, padFar, 1));
  }

  @Test
  void outputsAreClampedAndNothingElse() {
    ConvGeometry g = geometry(3, 3, 3, 9, 11, 5, 6, 1, 1, 1, 1);
    Random random = new Random(3);
    float[] x = noise(random, new NaiveConv(g).xSize());
    float[] w = noise(random, new NaiveConv(g).weightSize());
    float[] free = forward(g, x, w, null, null);
    float[] clamped = forward(g, x, w, null, new Clamp(0, 1));
    for (int i = 0; i < free.length; i++) {
      free[i] = Math.max(0, Math.min(1, free[i]));
    }
    assertArrayEquals(free, clamped);
  }

  @Test
  void silencedChannelsChangeNoBit() {
    ConvGeometry wide = geometry(3, 3, 8, 16, 16, 12, 9, 1, 1, 1, 1);
    ConvGeometry compact = geometry(3, 3, 8, 16, 16, 8, 9, 1, 1, 1, 1);
    Random random = new Random(4);
    float[] x = noise(random, new NaiveConv(wide).xSize());
    float[] w = noise(random, new NaiveConv(wide).weightSize());
    for (int i = 0; i < w.length; i++) {
      w[i] = i % 3 == 1 ? 0 : w[i];
    }
    float[] expected = forward(wide, x, w, null, null);
    assertArrayEquals(expected, forward(compact, kept(x), kept(w), null, null));
  }

  /** Returns rows of 12 numbers without every third one, from the second on. */
  private static float[] kept(float[] rows) {
    float[] kept = new float[rows.length / 3 * 2];
    int next = 0;
    for (int i = 0; i < rows.length; i++) {
      if (i % 3 != 1) {
        kept[next++] = rows[i];
      }
    }
    return kept;
  }

  @Test
  void bitsDoNotDependOnThreadsNorOnWhatScratchHeld() {
    ConvGeometry g = geometry(3, 3, 20, 17, 19, 7, 10, 1, 1, 1, 1);
    Random random = new Random(5);
    float[] x = noise(random, new NaiveConv(g).xSize());
    float[] w = noise(random, new NaiveConv(g).weightSize());
    float[][] results = new float[3][];
    for (int threads = 1; threads <= 3; threads++) {
      int at = threads - 1;
      VectorAssumptions.inPool(threads, () -> results[at] = forward(g, x, w, null, null));
    }
    assertArrayEquals(results[0], results[1]);
    assertArrayEquals(results[0], results[2]);
  }
}
