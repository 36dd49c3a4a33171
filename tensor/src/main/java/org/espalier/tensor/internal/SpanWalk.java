package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.kernel.Span;
import org.espalier.tensor.parallel.Parallel;

/**
 * Walks a {@code [outer, middle, inner]} tensor in stretches of neighbouring elements, with the
 * numbers of the companion vectors {@code [outer, inner]} repeated alongside.
 *
 * <p>Ten channels make a poor vector loop, a thousand elements a good one: rows of few channels are
 * taken many at a time, element j of a stretch belonging to element j of the repeated companions.
 * The stretches depend on the span only, never on the number of threads.
 */
final class SpanWalk {
  /** Aimed-at elements of a stretch; with its companions it stays in the L1 cache. */
  static final int LENGTH = 1024;

  /** Stretches summed in float before the sums move on to double. */
  private static final int FLUSH = 128;

  /** Lanes of the widest vectors: as many rows at a time leave no tail behind them. */
  private static final int LANES = 16;

  private final Span span;
  private final float[][] companions;

  /** Elements of {@code inner} taken at a time. */
  private final int width;

  /** Parts {@code inner} is cut into; more than one only if it is longer than a stretch. */
  private final int columns;

  /** Rows of the middle axis in one stretch. */
  private final int repeats;

  /** Parts the middle axis is cut into, for parallel work. */
  private final int blocks;

  private SpanWalk(Span span, int repeats, float[]... companions) {
    this.span = span;
    this.companions = companions;
    this.width = Math.min(span.inner(), LENGTH);
    this.columns = ScalarGemm.tiles(span.inner(), width);
    this.repeats = repeats;
    long elements = (long) span.middle() * width;
    this.blocks = (int) Math.max(1, Math.min(elements / Parallel.GRAIN, span.middle() / repeats));
  }

  /** Works on one stretch. */
  @FunctionalInterface
  interface Stretch {
    /**
     * Works on the elements {@code at} to {@code at + length}.
     *
     * @param period elements after which the companions repeat themselves, whole vectors; or the
     *     length, where they do not
     * @param companions the repeated companions, from index 0; null where the companion is null
     * @param scratch rows of at least {@code length} elements to use at will
     */
    void run(int at, int length, int period, float[][] companions, float[][] scratch);
  }

  /** Adds one stretch to running results. */
  @FunctionalInterface
  interface Fold {
    /**
     * Adds the elements {@code at} to {@code at + length} to {@code results[k][0..length)}, at any
     * position of the same channel.
     *
     * @param period elements after which the companions repeat themselves, whole vectors; or the
     *     length, where they do not
     * @param results modified
     * @param companions the repeated companions, from index 0
     * @param scratch rows of at least {@code length} elements to use at will
     */
    void run(
        int at, int length, int period, float[][] results, float[][] companions, float[][] scratch);
  }

  /** Runs a body on every stretch of the span, in parallel. */
  static void each(Span span, int scratchRows, Stretch body, float[]... companions) {
    if (span.count() > 0) {
      int inner = span.inner();
      new SpanWalk(span, rows(span, LENGTH / Math.min(LENGTH, inner)), companions)
          .each(scratchRows, body);
    }
  }

  /**
   * Reduces the middle axis to {@code count} numbers for each companion position, in float over a
   * few stretches and in double beyond.
   *
   * @param maximum whether numbers are joined by their maximum, starting at -infinity; else they
   *     are added
   */
  static double[][] reduce(
      Span span, int count, boolean maximum, int scratchRows, Fold body, float[]... companions) {
    double[][] results = new double[count][span.companion()];
    for (double[] result : results) {
      Arrays.fill(result, maximum ? Double.NEGATIVE_INFINITY : 0);
    }
    if (span.count() > 0) {
      // A short row would cost more in joining its sums than in making them.
      int length = span.inner() == 1 && span.middle() < 4 * LENGTH ? LENGTH / 16 : LENGTH / 2;
      int rows = Math.max(1, length / Math.min(LENGTH, span.inner()));
      new SpanWalk(span, rows(span, rows), companions).reduce(maximum, scratchRows, body, results);
    }
    return results;
  }

  private static int rows(Span span, int wanted) {
    int rows = Math.min(span.middle(), wanted);
    return rows < LANES ? rows : rows / LANES * LANES;
  }

  private void each(int scratchRows, Stretch body) {
    parallel(
        (from, to) -> {
          float[][] repeated = room();
          float[][] scratch = new float[scratchRows][repeats * width];
          int filled = -1;
          for (int unit = from; unit < to; unit++) {
            filled = fill(unit, filled, repeated);
            int last = row(unit % blocks + 1);
            for (int row = row(unit % blocks); row < last; row += repeats) {
              int length = length(unit, row, last);
              body.run(at(unit, row), length, period(unit, length), repeated, scratch);
            }
          }
        });
  }

  private void reduce(boolean maximum, int scratchRows, Fold body, double[][] results) {
    double[][][] partial = new double[span.outer() * columns * blocks][][];
    parallel(
        (from, to) -> {
          float[][] repeated = room();
          float[][] scratch = new float[scratchRows][repeats * width];
          float[][] running = new float[results.length][repeats * width];
          int filled = -1;
          for (int unit = from; unit < to; unit++) {
            filled = fill(unit, filled, repeated);
            partial[unit] = block(unit, maximum, body, repeated, scratch, running);
          }
        });
    for (int unit = 0; unit < partial.length; unit++) {
      int companion = companion(unit);
      for (int k = 0; k < results.length; k++) {
        for (int i = 0; i < partial[unit][k].length; i++) {
          results[k][companion + i] = join(maximum, results[k][companion + i], partial[unit][k][i]);
        }
      }
    }
  }

  private double[][] block(
      int unit,
      boolean maximum,
      Fold body,
      float[][] repeated,
      float[][] scratch,
      float[][] running) {
    double[][] sums = new double[running.length][columnWidth(unit)];
    for (double[] sum : sums) {
      Arrays.fill(sum, maximum ? Double.NEGATIVE_INFINITY : 0);
    }
    int last = row(unit % blocks + 1);
    int step = repeats * FLUSH;
    for (int start = row(unit % blocks); start < last; start += step) {
      int end = Math.min(last, start + step);
      int used = length(unit, start, end);
      for (float[] sum : running) {
        Arrays.fill(sum, 0, used, maximum ? Float.NEGATIVE_INFINITY : 0);
      }
      for (int row = start; row < end; row += repeats) {
        int length = length(unit, row, end);
        body.run(at(unit, row), length, period(unit, length), running, repeated, scratch);
      }
      for (int k = 0; k < sums.length; k++) {
        flush(maximum, running[k], used, sums[k]);
      }
    }
    return sums;
  }

  private static void flush(boolean maximum, float[] running, int used, double[] sums) {
    int width = sums.length;
    for (int from = 0; from < used; from += width) {
      for (int i = 0; i < width; i++) {
        sums[i] = join(maximum, sums[i], running[from + i]);
      }
    }
  }

  private static double join(boolean maximum, double a, double b) {
    return maximum ? Math.max(a, b) : a + b;
  }

  private void parallel(Parallel.Range body) {
    int units = span.outer() * columns * blocks;
    long work = (long) span.middle() * width / blocks;
    Parallel.range(units, Parallel.grain(work), body);
  }

  private float[][] room() {
    float[][] repeated = new float[companions.length][];
    for (int k = 0; k < repeated.length; k++) {
      repeated[k] = companions[k] == null ? null : new float[repeats * width];
    }
    return repeated;
  }

  /**
   * Repeats the companions for a unit, unless the last unit had the same; returns their position.
   */
  private int fill(int unit, int filled, float[][] repeated) {
    int companion = companion(unit);
    if (companion == filled) {
      return filled;
    }
    int part = columnWidth(unit);
    for (int k = 0; k < repeated.length; k++) {
      if (repeated[k] == null) {
        continue;
      }
      if (part == 1) {
        Arrays.fill(repeated[k], companions[k][companion]);
        continue;
      }
      System.arraycopy(companions[k], companion, repeated[k], 0, part);
      for (int done = part; done < repeats * part; done += part) {
        System.arraycopy(repeated[k], 0, repeated[k], done, part);
      }
    }
    return companion;
  }

  private int companion(int unit) {
    int column = unit / blocks % columns;
    int outer = unit / blocks / columns;
    return outer * span.inner() + column * width;
  }

  private int columnWidth(int unit) {
    return Math.min(width, span.inner() - unit / blocks % columns * width);
  }

  /** Returns the first row of a block. */
  private int row(int block) {
    return (int) ((long) span.middle() * block / blocks);
  }

  private int at(int unit, int row) {
    int column = unit / blocks % columns;
    int outer = unit / blocks / columns;
    return (outer * span.middle() + row) * span.inner() + column * width;
  }

  private int length(int unit, int row, int last) {
    return Math.min(repeats, last - row) * columnWidth(unit);
  }

  /** Returns the least multiple of a row that is whole vectors, at most the length. */
  private int period(int unit, int length) {
    int row = columnWidth(unit);
    int rows = LANES / Integer.highestOneBit(Math.min(LANES, row & -row));
    return Math.min(length, rows * row);
  }
}
