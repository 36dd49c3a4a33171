package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Convolves odd numbers of channels, as pruning leaves them, as if zero channels filled the last
 * vector.
 *
 * <p>Why: 10 channels of 16 lanes are too few for Winograd's transform, and the last columns of a
 * direct sweep go through a tile of their own; 64 images of 32x32, 16 to 10 channels, took 6.7 ms
 * where 16 to 16 took 3.2. Filling up and cutting off again are two passes over the data. Zero
 * channels change no bit of the others.
 */
final class VectorWidened {
  private final ConvGeometry narrow;
  private final ConvGeometry wide;

  private VectorWidened(ConvGeometry narrow, ConvGeometry wide) {
    this.narrow = narrow;
    this.wide = wide;
  }

  /**
   * Returns the widened convolution where Winograd's transform then serves it, null where that
   * gains nothing.
   */
  static VectorWidened of(ConvGeometry g) {
    boolean few = Math.min(g.inChannels(), g.outChannels()) < LANES;
    boolean enough = 2 * Math.min(g.inChannels(), g.outChannels()) >= LANES;
    if (g.groups() != 1 || !few || !enough) {
      return null;
    }
    ConvGeometry wide =
        new ConvGeometry(
            g.batch(),
            g.inHeight(),
            g.inWidth(),
            Math.max(LANES, g.inChannels()),
            g.outHeight(),
            g.outWidth(),
            Math.max(LANES, g.outChannels()),
            g.kernelHeight(),
            g.kernelWidth(),
            g.strideHeight(),
            g.strideWidth(),
            g.dilationHeight(),
            g.dilationWidth(),
            g.padTop(),
            g.padLeft(),
            1);
    return VectorWinogradChoice.serves(wide) ? new VectorWidened(g, wide) : null;
  }

  /** Computes {@code y} (modified). */
  void forward(float[] x, float[] weight, float[] bias, float[] y) {
    float[] wideX = widened(x, inPixels(), narrow.inChannels(), wide.inChannels());
    float[] wideWeight = widenedWeight(weight);
    float[] wideBias = bias == null ? null : Arrays.copyOf(bias, wide.outChannels());
    float[] wideY = target(y, outPixels(), narrow.outChannels(), wide.outChannels());
    VectorConv.forward(wide, wideX, wideWeight, wideBias, wideY);
    narrowed(wideY, outPixels(), wide.outChannels(), y, narrow.outChannels());
    giveAll(x, wideX, weight, wideWeight, y, wideY);
  }

  /** Computes {@code dx} (modified). */
  void gradInput(float[] dy, float[] weight, float[] dx) {
    float[] wideDy = widened(dy, outPixels(), narrow.outChannels(), wide.outChannels());
    float[] wideWeight = widenedWeight(weight);
    float[] wideDx = target(dx, inPixels(), narrow.inChannels(), wide.inChannels());
    VectorConv.gradInput(wide, wideDy, wideWeight, wideDx);
    narrowed(wideDx, inPixels(), wide.inChannels(), dx, narrow.inChannels());
    giveAll(dy, wideDy, weight, wideWeight, dx, wideDx);
  }

  /** Computes {@code dw} (modified). */
  void gradWeight(float[] x, float[] dy, float[] dw) {
    float[] wideX = widened(x, inPixels(), narrow.inChannels(), wide.inChannels());
    float[] wideDy = widened(dy, outPixels(), narrow.outChannels(), wide.outChannels());
    float[] wideDw = Scratch.take((long) wide.outChannels() * taps() * wide.inChannels());
    VectorConv.gradWeight(wide, wideX, wideDy, wideDw);
    int rows = narrow.outChannels() * taps();
    if (narrow.inChannels() == wide.inChannels()) {
      System.arraycopy(wideDw, 0, dw, 0, rows * wide.inChannels());
    } else {
      narrowed(wideDw, rows, wide.inChannels(), dw, narrow.inChannels());
    }
    giveAll(x, wideX, dy, wideDy, dw, wideDw);
  }

  private int inPixels() {
    return narrow.batch() * narrow.inHeight() * narrow.inWidth();
  }

  private int outPixels() {
    return narrow.batch() * narrow.outHeight() * narrow.outWidth();
  }

  private int taps() {
    return narrow.kernelHeight() * narrow.kernelWidth();
  }

  private float[] widenedWeight(float[] weight) {
    int rows = narrow.outChannels() * taps();
    float[] filled = Scratch.take((long) wide.outChannels() * taps() * wide.inChannels());
    Arrays.fill(
        filled, rows * wide.inChannels(), wide.outChannels() * taps() * wide.inChannels(), 0);
    widen(weight, narrow.inChannels(), filled, wide.inChannels(), 0, rows, rows);
    return filled;
  }

  /** Returns the rows with zeros behind each, or the array itself where nothing is to be filled. */
  private static float[] widened(float[] from, int rows, int narrow, int wide) {
    if (narrow == wide) {
      return from;
    }
    float[] filled = Scratch.take((long) rows * wide);
    Parallel.range(
        rows,
        Parallel.grain(wide),
        (first, end) -> widen(from, narrow, filled, wide, first, end, rows));
    return filled;
  }

  /**
   * Copies rows shorter than a vector; a whole vector is read, but not beyond the array's last row.
   */
  private static void widen(
      float[] from, int narrow, float[] to, int wide, int first, int end, int rows) {
    if (narrow == wide) {
      System.arraycopy(from, first * wide, to, first * wide, (end - first) * wide);
      return;
    }
    VectorMask<Float> kept = FULL.indexInRange(0, narrow);
    for (int row = first; row < end; row++) {
      int source = row * narrow;
      int target = row * wide;
      if (source + LANES <= rows * narrow) {
        FloatVector read = FloatVector.fromArray(FULL, from, source);
        FloatVector.zero(FULL).blend(read, kept).intoArray(to, target);
      } else {
        Arrays.fill(to, target + narrow, target + wide, 0);
        System.arraycopy(from, source, to, target, narrow);
      }
    }
  }

  /**
   * Returns where the wide result goes: a scratch array, or the result itself where it is as wide.
   */
  private static float[] target(float[] result, int rows, int narrow, int wide) {
    return narrow == wide ? result : Scratch.take((long) rows * wide);
  }

  private static void narrowed(float[] from, int rows, int wide, float[] to, int narrow) {
    if (narrow != wide) {
      Parallel.range(
          rows, Parallel.grain(wide), (first, end) -> narrow(from, wide, to, narrow, first, end));
    }
  }

  /**
   * Copies rows in order: what a whole vector writes too far, the next row overwrites; the last
   * goes one by one.
   */
  private static void narrow(float[] from, int wide, float[] to, int narrow, int first, int end) {
    for (int row = first; row < end - 1; row++) {
      FloatVector.fromArray(FULL, from, row * wide).intoArray(to, row * narrow);
    }
    System.arraycopy(from, (end - 1) * wide, to, (end - 1) * narrow, narrow);
  }

  /** Gives scratch arrays back: each second of a pair that is not the first. */
  private static void giveAll(float[]... pairs) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i] != pairs[i + 1]) {
        Scratch.give(pairs[i + 1]);
      }
    }
  }
}
