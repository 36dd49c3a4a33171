package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import org.espalier.tensor.kernel.Span;
import org.espalier.tensor.parallel.Parallel;

/**
 * Puts the channels of narrow rows at their places in wider rows of zeros, as the blocks of a
 * pruned residual stream need it at every pixel.
 *
 * <p>Where the places ascend, the elements that fall into one vector of the wide row are neighbours
 * in the narrow one: one load, one shuffle and one store move up to a whole vector of them.
 */
final class VectorScatter {
  private VectorScatter() {}

  /** Tells whether rows of this span can be filled this way: whole vectors, ascending places. */
  static boolean serves(int[] places, Span span) {
    if (span.inner() != 1 || span.middle() % LANES != 0) {
      return false;
    }
    for (int k = 0; k < places.length; k++) {
      if (places[k] < (k == 0 ? 0 : places[k - 1] + 1)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Computes {@code y = 0; y[row, places[k]] = x[row, k]}.
   *
   * @param y receives the rows (modified)
   */
  static void run(float[] x, int[] places, Span span, float[] y) {
    int wide = span.middle();
    Parallel.range(
        span.outer(),
        Parallel.grain(wide),
        (from, to) -> {
          int first = 0;
          for (int block = 0; block < wide; block += LANES) {
            int count = 0;
            while (first + count < places.length && places[first + count] < block + LANES) {
              count++;
            }
            column(x, places, first, count, from, to, wide, block, y);
            first += count;
          }
        });
  }

  /** Fills one vector's width of the rows. */
  private static void column(
      float[] x,
      int[] places,
      int first,
      int count,
      int from,
      int to,
      int wide,
      int block,
      float[] y) {
    int narrow = places.length;
    int[] sources = new int[LANES];
    boolean[] filled = new boolean[LANES];
    for (int k = 0; k < count; k++) {
      sources[places[first + k] - block] = k;
      filled[places[first + k] - block] = true;
    }
    VectorShuffle<Float> shuffle = VectorShuffle.fromArray(FULL, sources, 0);
    VectorMask<Float> mask = VectorMask.fromArray(FULL, filled, 0);
    FloatVector zero = FloatVector.zero(FULL);
    // A vector is read whole, so the very last rows, whose ends are the array's, go one by one.
    int whole = Math.floorDiv(x.length - first - LANES, Math.max(1, narrow)) + 1;
    int safe = Math.max(from, Math.min(to, whole));
    for (int row = from; row < safe; row++) {
      FloatVector read = FloatVector.fromArray(FULL, x, row * narrow + first);
      FULL_TYPE.cast(zero.blend(read.rearrange(shuffle), mask)).intoArray(y, row * wide + block);
    }
    for (int row = safe; row < to; row++) {
      for (int lane = 0; lane < LANES; lane++) {
        y[row * wide + block + lane] = filled[lane] ? x[row * narrow + first + sources[lane]] : 0;
      }
    }
  }
}
