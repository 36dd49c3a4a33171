package org.espalier.tensor.internal;

import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.RecursiveAction;

/**
 * Runs loops in pieces whose borders depend on the size of the problem only, never on the number of
 * threads, so that results do not either.
 *
 * <p>Pieces are forked into the {@link ForkJoinPool} the caller runs in, else into the common pool,
 * which the caller helps; a single piece runs in the caller. No thread is started or kept here. A
 * body that throws stops its caller after all other pieces have ended.
 */
final class Parallel {
  /** Elementary operations worth a piece of their own: below, forking costs more than it saves. */
  static final int GRAIN = 1 << 15;

  /** More pieces than this serve no machine we know and make joins of partial sums long. */
  private static final int MAX_PIECES = 128;

  private Parallel() {}

  /** Does items {@code from} (inclusive) to {@code to} (exclusive). */
  @FunctionalInterface
  interface Range {
    /** Does the items; runs in any thread. */
    void run(int from, int to);
  }

  /** Does the items of one numbered piece, which may keep a partial sum under that number. */
  @FunctionalInterface
  interface Piece {
    /** Does the items; runs in any thread. */
    void run(int piece, int from, int to);
  }

  /** Returns how many items of so much work fill one piece. */
  static int grain(long workPerItem) {
    return (int) Math.max(1, GRAIN / Math.max(1, workPerItem));
  }

  /** Returns the number of pieces {@code count} items are split into. */
  static int pieces(int count, int grain) {
    return Math.max(1, Math.min(MAX_PIECES, count / Math.max(1, grain)));
  }

  /** Runs {@code body} over {@code 0..count-1} in pieces of at least {@code grain} items. */
  static void range(int count, int grain, Range body) {
    numbered(count, grain, (piece, from, to) -> body.run(from, to));
  }

  /**
   * Runs {@code body} over {@code 0..count-1} in {@link #pieces} pieces, telling each its number.
   */
  static void numbered(int count, int grain, Piece body) {
    if (count <= 0) {
      return;
    }
    Task all = new Task(body, count, pieces(count, grain));
    if (all.pieces == 1 || parallelism() < 2) {
      all.serial();
    } else {
      all.invoke();
    }
  }

  /** Returns how many threads may work on a call from this thread, the caller counted. */
  private static int parallelism() {
    ForkJoinPool pool = ForkJoinTask.getPool();
    return pool != null ? pool.getParallelism() : ForkJoinPool.getCommonPoolParallelism() + 1;
  }

  /** Splits a row of pieces in two until one is left. */
  private static final class Task extends RecursiveAction {
    private static final long serialVersionUID = 1L;

    private final transient Piece body;
    private final int count;
    private final int pieces;
    private final int first;
    private final int last;

    Task(Piece body, int count, int pieces) {
      this(body, count, pieces, 0, pieces);
    }

    private Task(Piece body, int count, int pieces, int first, int last) {
      this.body = body;
      this.count = count;
      this.pieces = pieces;
      this.first = first;
      this.last = last;
    }

    void serial() {
      for (int piece = first; piece < last; piece++) {
        body.run(piece, border(piece), border(piece + 1));
      }
    }

    private int border(int piece) {
      return (int) ((long) count * piece / pieces);
    }

    @Override
    protected void compute() {
      if (last - first == 1) {
        serial();
        return;
      }
      int middle = (first + last) >>> 1;
      Task right = new Task(body, count, pieces, middle, last);
      right.fork();
      try {
        new Task(body, count, pieces, first, middle).compute();
      } catch (Throwable failure) {
        // Nobody may still write into the caller's arrays when the caller sees the failure.
        right.quietlyJoin();
        throw failure;
      }
      right.join();
    }
  }
}
