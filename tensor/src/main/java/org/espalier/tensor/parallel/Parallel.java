package org.espalier.tensor.parallel;

import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;

/**
 * Runs loops in pieces whose borders depend on the size of the problem only, never on the number of
 * threads, so that results do not either.
 *
 * <p>Pieces are done by the caller and by threads of the {@link ForkJoinPool} it runs in, else of
 * the common pool, in any order: see {@link ThreadTeam}. A single piece runs in the caller. No
 * thread is started or kept here. A body that throws stops its caller after all pieces have ended
 * that had begun.
 */
public final class Parallel {
  /** Elementary operations worth a piece of their own: below, forking costs more than it saves. */
  public static final int GRAIN = 1 << 15;

  /** More pieces than this serve no machine we know and make joins of partial sums long. */
  private static final int MAX_PIECES = 128;

  private Parallel() {}

  /** Does items {@code from} (inclusive) to {@code to} (exclusive). */
  @FunctionalInterface
  public interface Range {
    /** Does the items; runs in any thread. */
    void run(int from, int to);
  }

  /** Does the items of one numbered piece, which may keep a partial sum under that number. */
  @FunctionalInterface
  public interface Piece {
    /** Does the items; runs in any thread. */
    void run(int piece, int from, int to);
  }

  /** Returns how many items of so much work fill one piece. */
  public static int grain(long workPerItem) {
    return (int) Math.max(1, GRAIN / Math.max(1, workPerItem));
  }

  /** Returns the number of pieces {@code count} items are split into. */
  public static int pieces(int count, int grain) {
    return Math.max(1, Math.min(MAX_PIECES, count / Math.max(1, grain)));
  }

  /** Runs {@code body} over {@code 0..count-1} in pieces of at least {@code grain} items. */
  public static void range(int count, int grain, Range body) {
    numbered(count, grain, (piece, from, to) -> body.run(from, to));
  }

  /**
   * Runs {@code body} over {@code 0..count-1} in {@link #pieces} pieces, telling each its number.
   */
  public static void numbered(int count, int grain, Piece body) {
    if (count <= 0) {
      return;
    }
    int pieces = pieces(count, grain);
    ForkJoinPool own = ForkJoinTask.getPool();
    ForkJoinPool pool = own != null ? own : ForkJoinPool.commonPool();
    int helpers = Math.min(pieces, threads()) - 1;
    if (helpers <= 0) {
      for (int piece = 0; piece < pieces; piece++) {
        body.run(piece, border(count, pieces, piece), border(count, pieces, piece + 1));
      }
    } else {
      ThreadTeam.run(pool, helpers, count, pieces, body);
    }
  }

  /** Returns the number of threads that share a loop started here. */
  public static int threads() {
    ForkJoinPool own = ForkJoinTask.getPool();
    // The caller is one of its own pool's threads, and one more than those of the common pool.
    return own != null ? own.getParallelism() : ForkJoinPool.getCommonPoolParallelism() + 1;
  }

  /**
   * Returns the first item of a piece, {@code ⌊count · piece / pieces⌋}; for the number of pieces,
   * the end of the last.
   */
  public static int border(int count, int pieces, int piece) {
    return (int) ((long) count * piece / pieces);
  }
}
