package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.espalier.tensor.kernel.PoolGeometry;

/**
 * Pools windows with vectors along the channels.
 *
 * <p>The last vector of a pixel reaches into the next one, which is written afterwards, so that few
 * channels need no loop of their own; at the end of a line they do. One innermost loop over the
 * listed taps holds the accumulators: C2 of Java 17 would box them across two.
 */
final class VectorPool {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I =
      VectorSpecies.of(int.class, FloatVector.SPECIES_PREFERRED.vectorShape());

  /** The class of the positions that are stored, see {@link VectorPanels#FULL_TYPE}. */
  private static final Class<? extends IntVector> INT_TYPE = IntVector.zero(I).getClass();

  private VectorPool() {}

  /** Computes maxima and the positions of the winners. */
  static void max(PoolGeometry g, float[] x, float[] y, int[] index) {
    int image = g.height() * g.width() * g.channels();
    ScalarPool.each(
        g,
        (n, taps, share, at, room) ->
            maxPixel(x, n * image, taps, g.channels(), y, index, at, room));
  }

  private static void maxPixel(
      float[] x, int base, int[] taps, int channels, float[] y, int[] index, int at, int room) {
    if (taps.length == 0) {
      Arrays.fill(y, at, at + channels, Float.NEGATIVE_INFINITY);
      Arrays.fill(index, at, at + channels, -1);
      return;
    }
    int whole = wholeVectors(x, base, taps, channels, room);
    for (int c = 0; c < whole; c += S.length()) {
      FloatVector best = FloatVector.fromArray(S, x, base + taps[0] * channels + c);
      IntVector winner = IntVector.broadcast(I, taps[0]);
      for (int t = 1; t < taps.length; t++) {
        FloatVector rival = FloatVector.fromArray(S, x, base + taps[t] * channels + c);
        // Not «rival > best»: NaN wins too, unless a NaN has won before.
        VectorMask<Float> stays =
            rival.compare(VectorOperators.LE, best).or(best.compare(VectorOperators.NE, best));
        best = rival.blend(best, stays);
        winner = IntVector.broadcast(I, taps[t]).blend(winner, stays.cast(I));
      }
      FULL_TYPE.cast(best).intoArray(y, at + c);
      INT_TYPE.cast(winner).intoArray(index, at + c);
    }
    ScalarPool.maxChannels(x, base, taps, whole, channels, y, index, at);
  }

  /**
   * Returns how many channels of a pixel whole vectors do. Where the line goes on and the window is
   * not the last of the input, these are all and more: what is too much, the next pixels overwrite.
   */
  private static int wholeVectors(float[] x, int base, int[] taps, int channels, int room) {
    int all = S.loopBound(channels + S.length() - 1);
    int last = taps.length == 0 ? 0 : taps[taps.length - 1];
    boolean goesOn = all <= room && base + last * channels + all <= x.length;
    return goesOn ? all : S.loopBound(channels);
  }

  /** Computes averages; an empty window gives 0. */
  static void average(PoolGeometry g, float[] x, float[] y) {
    int image = g.height() * g.width() * g.channels();
    ScalarPool.each(
        g,
        (n, taps, share, at, room) ->
            averagePixel(x, n * image, taps, share, g.channels(), y, at, room));
  }

  private static void averagePixel(
      float[] x, int base, int[] taps, float share, int channels, float[] y, int at, int room) {
    int whole = wholeVectors(x, base, taps, channels, room);
    for (int c = 0; c < whole; c += S.length()) {
      FloatVector sum = FloatVector.zero(S);
      for (int tap : taps) {
        sum = sum.add(FloatVector.fromArray(S, x, base + tap * channels + c));
      }
      FULL_TYPE.cast(sum.mul(taps.length == 0 ? 0 : share)).intoArray(y, at + c);
    }
    for (int c = whole; c < channels; c++) {
      float sum = 0;
      for (int tap : taps) {
        sum += x[base + tap * channels + c];
      }
      y[at + c] = taps.length == 0 ? 0 : sum * share;
    }
  }

  /** Spreads each dy over its window. */
  static void averageGrad(PoolGeometry g, float[] dy, float[] dx) {
    int image = g.height() * g.width() * g.channels();
    ScalarPool.eachImage(
        g,
        n -> Arrays.fill(dx, n * image, (n + 1) * image, 0),
        (n, taps, share, at, room) -> {
          for (int tap : taps) {
            addScaled(share, dy, at, dx, n * image + tap * g.channels(), g.channels());
          }
        });
  }

  private static void addScaled(float share, float[] dy, int at, float[] dx, int to, int channels) {
    FloatVector factor = FloatVector.broadcast(S, share);
    int c = 0;
    for (; c < S.loopBound(channels); c += S.length()) {
      FloatVector sum = FloatVector.fromArray(S, dx, to + c);
      FULL_TYPE.cast(FloatVector.fromArray(S, dy, at + c).fma(factor, sum)).intoArray(dx, to + c);
    }
    for (; c < channels; c++) {
      dx[to + c] = Math.fma(share, dy[at + c], dx[to + c]);
    }
  }
}
