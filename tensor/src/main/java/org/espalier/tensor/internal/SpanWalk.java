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

  /** The same for periodic loops, whose companions stay as short as a period. */
  static final int PERIODIC = 4096;

  /** Elements of a stretch that is gone through once only, from its first element to its last. */
  private static final int LONG = 1 << 16;

  /** Elements whose mean is subtracted before the deviations of a block are summed. */
  private static final int HEAD = 4096;

  /** Pieces of work for each of several threads: no more, since each takes scratch arrays. */
  private static final int PIECES = 8;

  private static final float[][] NONE = {};

  /** Lanes of the widest vectors: as many rows at a time leave no tail behind them. */
  private static final int LANES = 16;

  /** Elements of the preferred period: four of the widest vectors. */
  private static final int GROUP = 4 * LANES;

  private final Span span;
  private final boolean periodic;
  private final float[][] companions;

  /** Elements of {@code inner} taken at a time. */
  private final int width;

  /** Parts {@code inner} is cut into; more than one only if it is longer than a stretch. */
  private final int columns;

  /** Rows of the middle axis in one stretch. */
  private final int repeats;

  /** Parts the middle axis is cut into, for parallel work. */
  private final int blocks;

  /** Prepares a walk with stretches of about so many elements, more if one period is a group. */
  private SpanWalk(Span span, boolean periodic, int length, float[]... companions) {
    this.span = span;
    this.periodic = periodic;
    this.companions = companions;
    this.width = Math.min(span.inner(), periodic ? PERIODIC : LENGTH);
    this.columns = ScalarGemm.tiles(span.inner(), width);
    int rows = rows(length);
    this.repeats = periodic && periodOf(width, rows * width) == GROUP ? rows(LONG) : rows;
    long elements = (long) span.middle() * width;
    this.blocks = (int) Math.max(1, Math.min(elements / Parallel.GRAIN, span.middle() / rows));
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
     * @param scratch for loops that are not periodic, two rows of at least {@code length} elements
     *     to use at will
     */
    void run(int at, int length, int period, float[][] companions, float[][] scratch);
  }

  /** Adds one stretch to running results. */
  @FunctionalInterface
  interface Fold {
    /**
     * Adds the elements {@code at} to {@code at + length} to {@code results[k][0..length)}, at any
     * position of the same channel; periodic loops to {@code results[k][0..period)}.
     *
     * @param period elements after which the companions repeat themselves, whole vectors; or the
     *     length, where they do not
     * @param results modified
     * @param companions the repeated companions, from index 0
     * @param scratch for loops that are not periodic, two rows of at least {@code length} elements
     *     to use at will
     */
    void run(
        int at, int length, int period, float[][] results, float[][] companions, float[][] scratch);
  }

  /**
   * Runs a body on every stretch of the span, in parallel, the last elements first: what a
   * reduction read last before it is then still in the cache.
   *
   * @param periodic whether the body reads companions within one period only and needs no scratch;
   *     else they are repeated over the whole stretch
   */
  static void each(Span span, boolean periodic, Stretch body, float[]... companions) {
    if (span.count() > 0) {
      new SpanWalk(span, periodic, periodic ? PERIODIC : LENGTH, companions).each(body);
    }
  }

  /**
   * Reduces the middle axis to {@code count} numbers for each companion position, in float over a
   * few stretches and in double beyond. The arrays returned may be longer; they are scratch, to be
   * given back.
   *
   * @param maximum whether numbers are joined by their maximum, starting at -infinity; else they
   *     are added
   * @param periodic whether the body reads companions and writes results within one period only and
   *     needs no scratch; else both run over the whole stretch
   */
  static double[][] reduce(
      Span span, int count, boolean maximum, boolean periodic, Fold body, float[]... companions) {
    double[][] results = Scratch.takeDoubles(count, span.companion());
    for (double[] result : results) {
      Arrays.fill(result, 0, span.companion(), maximum ? Double.NEGATIVE_INFINITY : 0);
    }
    if (span.count() > 0) {
      reducing(span, periodic, companions).reduce(maximum, body, results);
    }
    return results;
  }

  /**
   * Returns mean and biased variance over the middle axis for each companion position, in one
   * reading of memory. The arrays returned may be longer; they are scratch, to be given back.
   *
   * <p>Of each block the first elements are averaged, then all deviations from that average and
   * their squares are summed while the block is in the cache; blocks are joined in double (Chan,
   * Golub and LeVeque 1979). The average is that of at least a sixteenth of the block's rows, so
   * its distance from the block's mean costs at most a factor of 16 of the float sums' precision,
   * however large the mean is against the deviations.
   *
   * @param sum adds the elements to result 0
   * @param deviations adds the elements less companion 0 to result 0, and their squares to result 1
   */
  static double[][] moments(Span span, boolean periodic, Fold sum, Fold deviations) {
    double[][] moments = Scratch.takeDoubles(2, span.companion());
    for (double[] moment : moments) {
      Arrays.fill(moment, 0, span.companion(), span.count() == 0 ? Double.NaN : 0);
    }
    if (span.count() > 0) {
      reducing(span, periodic, new float[0]).moments(sum, deviations, moments);
    }
    return moments;
  }

  private static SpanWalk reducing(Span span, boolean periodic, float[]... companions) {
    if (periodic) {
      return new SpanWalk(span, true, PERIODIC, companions);
    }
    // A short row would cost more in joining its sums than in making them.
    boolean shortRow = span.inner() == 1 && span.middle() < 4 * LENGTH;
    return new SpanWalk(span, false, shortRow ? LENGTH / 16 : LENGTH / 2, companions);
  }

  private int rows(int length) {
    int rows = Math.min(span.middle(), Math.max(1, length / width));
    return rows < LANES ? rows : rows / LANES * LANES;
  }

  private void each(Stretch body) {
    int units = units();
    parallel(
        (from, to) -> {
          float[][] repeated = room(companions.length);
          float[][] scratch = scratch();
          int filled = -1;
          for (int number = from; number < to; number++) {
            int unit = units - 1 - number;
            filled = fill(unit, filled, repeated);
            int last = row(unit % blocks + 1);
            for (int row = row(unit % blocks); row < last; row += repeats) {
              int length = length(unit, row, last);
              body.run(at(unit, row), length, period(unit, length), repeated, scratch);
            }
          }
          Scratch.give(repeated);
          Scratch.give(scratch);
        });
  }

  private void reduce(boolean maximum, Fold body, double[][] results) {
    int stride = results.length * width;
    double[] partial = Scratch.takeDoubles((long) units() * stride);
    parallel(
        (from, to) -> {
          SpanFolding folding = new SpanFolding(this, results.length, companions.length, maximum);
          int filled = -1;
          for (int unit = from; unit < to; unit++) {
            filled = fill(unit, filled, folding.repeated());
            int first = row(unit % blocks);
            int last = row(unit % blocks + 1);
            folding.fold(unit, first, last, results.length, body, partial, unit * stride);
          }
          folding.release();
        });
    for (int unit = 0; unit < units(); unit++) {
      int companion = companion(unit);
      for (int k = 0; k < results.length; k++) {
        int at = unit * stride + k * width;
        for (int i = 0; i < columnWidth(unit); i++) {
          double joined = SpanFolding.join(maximum, results[k][companion + i], partial[at + i]);
          results[k][companion + i] = joined;
        }
      }
    }
    Scratch.give(partial);
  }

  private void moments(Fold sum, Fold deviations, double[][] moments) {
    int stride = 2 * width;
    float[] centres = Scratch.take((long) units() * width);
    double[] partial = Scratch.takeDoubles((long) units() * stride);
    parallel(
        (from, to) -> {
          SpanFolding folding = new SpanFolding(this, 2, 1, false);
          for (int unit = from; unit < to; unit++) {
            int first = row(unit % blocks);
            int last = row(unit % blocks + 1);
            int head = Math.min(last - first, Math.max(1, HEAD / width));
            folding.fold(unit, first, first + head, 1, sum, partial, unit * stride);
            for (int i = 0; i < columnWidth(unit); i++) {
              centres[unit * width + i] = (float) (partial[unit * stride + i] / head);
            }
            repeat(centres, unit * width, columnWidth(unit), folding.repeated()[0]);
            folding.fold(unit, first, last, 2, deviations, partial, unit * stride);
          }
          folding.release();
        });
    for (int unit = 0; unit < units(); unit++) {
      joinMoments(unit, centres, partial, unit * stride, moments);
    }
    for (int i = 0; i < span.companion(); i++) {
      moments[1][i] /= span.middle();
    }
    Scratch.give(partial);
    Scratch.give(centres);
  }

  /** Joins the mean and the sum of squared deviations of a block to those of the blocks before. */
  private void joinMoments(int unit, float[] centres, double[] sums, int at, double[][] moments) {
    int companion = companion(unit);
    double before = row(unit % blocks);
    double rows = row(unit % blocks + 1) - before;
    double share = 1 / rows;
    double weight = rows / (before + rows);
    for (int i = 0; i < columnWidth(unit); i++) {
      double shift = sums[at + i] * share;
      double squares = Math.max(0, sums[at + width + i] - shift * sums[at + i]);
      double step = centres[unit * width + i] + shift - moments[0][companion + i];
      moments[0][companion + i] += step * weight;
      moments[1][companion + i] += squares + step * step * before * weight;
    }
  }

  private int units() {
    return span.outer() * columns * blocks;
  }

  private void parallel(Parallel.Range body) {
    long work = (long) span.middle() * width / blocks;
    int threads = Parallel.threads();
    int pieces = threads == 1 ? 1 : PIECES * threads;
    // Results are made unit by unit: where pieces begin changes no bit.
    Parallel.range(units(), Math.max(Parallel.grain(work), units() / pieces), body);
  }

  /** Returns how many elements of companions and results the loops touch. */
  int reach() {
    int longest = repeats * width;
    return periodic ? periodOf(width, longest) : longest;
  }

  /** Returns the scratch rows of one thread; none for periodic loops. */
  float[][] scratch() {
    return periodic ? NONE : Scratch.take(2, repeats * width);
  }

  /** Returns room for so many companions, null for those that are absent. */
  float[][] room(int count) {
    float[][] room = new float[count][];
    for (int k = 0; k < count; k++) {
      boolean absent = k < companions.length && companions[k] == null;
      room[k] = absent ? null : Scratch.take(reach());
    }
    return room;
  }

  /**
   * Repeats the companions for a unit, unless the last unit had the same; returns their position.
   */
  private int fill(int unit, int filled, float[][] repeated) {
    int companion = companion(unit);
    if (companion != filled) {
      for (int k = 0; k < repeated.length; k++) {
        if (repeated[k] != null) {
          repeat(companions[k], companion, columnWidth(unit), repeated[k]);
        }
      }
    }
    return companion;
  }

  private void repeat(float[] from, int at, int part, float[] repeated) {
    int reach = reach();
    if (part == 1) {
      Arrays.fill(repeated, 0, reach, from[at]);
      return;
    }
    for (int done = 0; done + part <= reach; done += part) {
      System.arraycopy(from, at, repeated, done, part);
    }
  }

  private int companion(int unit) {
    int column = unit / blocks % columns;
    int outer = unit / blocks / columns;
    return outer * span.inner() + column * width;
  }

  /** Returns the columns of a unit. */
  int columnWidth(int unit) {
    return Math.min(width, span.inner() - unit / blocks % columns * width);
  }

  /** Returns the first row of a block. */
  private int row(int block) {
    return Parallel.border(span.middle(), blocks, block);
  }

  /** Returns where a row of a unit begins. */
  int at(int unit, int row) {
    int column = unit / blocks % columns;
    int outer = unit / blocks / columns;
    return (outer * span.middle() + row) * span.inner() + column * width;
  }

  /** Returns the elements of the stretch that begins at a row. */
  int length(int unit, int row, int last) {
    return Math.min(repeats, last - row) * columnWidth(unit);
  }

  /** Returns the rows of a stretch. */
  int repeats() {
    return repeats;
  }

  /** Returns how many of the elements of running sums a stretch of this length uses. */
  int used(int unit, int length) {
    return periodic ? period(unit, length) : length;
  }

  /** Returns the distance of one result's sums from the next one's. */
  int width() {
    return width;
  }

  /** Returns the period of the companions in a stretch. */
  int period(int unit, int length) {
    return periodOf(columnWidth(unit), length);
  }

  /**
   * Returns the least multiple of a row that is whole groups of vectors, or, if that is too long,
   * whole vectors; at most the length.
   */
  private static int periodOf(int row, int length) {
    int period = row * (GROUP / Integer.highestOneBit(Math.min(GROUP, row & -row)));
    if (period > length) {
      period = row * (LANES / Integer.highestOneBit(Math.min(LANES, row & -row)));
    }
    return Math.min(length, period);
  }
}
