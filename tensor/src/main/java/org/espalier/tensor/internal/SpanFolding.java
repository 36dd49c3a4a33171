package org.espalier.tensor.internal;

import java.util.Arrays;

/**
 * Sums up block after block of a {@link SpanWalk} in one thread: in float over some stretches,
 * which is fast, and these sums in double, which is exact enough for any number of them.
 */
final class SpanFolding {
  /** Stretches summed in float before the sums move on to double. */
  private static final int FLUSH = 128;

  private final SpanWalk walk;
  private final boolean maximum;
  private final float[][] repeated;
  private final float[][] running;
  private final float[][] scratch;

  /** Takes the arrays that a thread needs for so many results and companions. */
  SpanFolding(SpanWalk walk, int results, int companions, boolean maximum) {
    this.walk = walk;
    this.maximum = maximum;
    repeated = walk.room(companions);
    running = Scratch.take(results, walk.reach());
    scratch = walk.scratch();
  }

  /** Returns the rows of repeated companions, to be filled for each unit. */
  float[][] repeated() {
    return repeated;
  }

  /** Gives the arrays back. */
  void release() {
    Scratch.give(repeated);
    Scratch.give(running);
    Scratch.give(scratch);
  }

  /**
   * Writes {@code count} results for each column of a unit, from some rows of it, to {@code sums}
   * from {@code to} on (modified), those of one result {@link SpanWalk#width} behind those of the
   * one before.
   */
  void fold(int unit, int first, int last, int count, SpanWalk.Fold body, double[] sums, int to) {
    int columns = walk.columnWidth(unit);
    for (int k = 0; k < count; k++) {
      int at = to + k * walk.width();
      Arrays.fill(sums, at, at + columns, maximum ? Double.NEGATIVE_INFINITY : 0);
    }
    int step = walk.repeats() * FLUSH;
    for (int start = first; start < last; start += step) {
      int end = start + Math.min(step, last - start);
      int used = walk.used(unit, walk.length(unit, start, end));
      for (float[] sum : running) {
        Arrays.fill(sum, 0, used, maximum ? Float.NEGATIVE_INFINITY : 0);
      }
      for (int row = start; row < end; row += walk.repeats()) {
        int length = walk.length(unit, row, end);
        int period = walk.period(unit, length);
        body.run(walk.at(unit, row), length, period, running, repeated, scratch);
      }
      for (int k = 0; k < count; k++) {
        flush(running[k], used, columns, sums, to + k * walk.width());
      }
    }
  }

  private void flush(float[] sum, int used, int columns, double[] sums, int to) {
    for (int from = 0; from < used; from += columns) {
      for (int i = 0; i < columns; i++) {
        sums[to + i] = join(maximum, sums[to + i], sum[from + i]);
      }
    }
  }

  /** Returns the larger number or the sum of both. */
  static double join(boolean maximum, double a, double b) {
    return maximum ? Math.max(a, b) : a + b;
  }
}
