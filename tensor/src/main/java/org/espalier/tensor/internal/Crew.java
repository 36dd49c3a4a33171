package org.espalier.tensor.internal;

import java.lang.ref.WeakReference;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Keeps the threads that helped with one loop at hand for the next.
 *
 * <p>A training step is some hundred loops of a few tenths of a millisecond each. To park a thread
 * of a {@link ForkJoinPool} behind each and to wake it for the next costs as much as the loop
 * itself, so helpers look out for more work for a moment before they go home. A crew serves one
 * loop at a time; loops inside its pieces, and other callers, get crews of their own.
 */
final class Crew {
  /** How long helpers look out for the next loop, in nanoseconds: the time of some kernels. */
  private static final long PATIENCE = 200_000;

  /** Looks between two readings of the clock. */
  private static final int LOOKS = 64;

  /** Looks after which a caller that waits for its helpers lets other threads run. */
  private static final int EAGER = 10_000;

  /** The crew that came home last. It keeps neither a thread nor a pool alive. */
  private static final AtomicReference<Crew> RESTING = new AtomicReference<>();

  private final WeakReference<ForkJoinPool> home;
  private final AtomicInteger present = new AtomicInteger();
  private volatile Loop loop;

  private Crew(ForkJoinPool pool) {
    home = new WeakReference<>(pool);
  }

  /**
   * Runs all pieces in the caller and in threads of a pool, and returns when all have ended. A
   * piece that throws stops the caller then.
   *
   * @param helpers most threads besides the caller
   */
  static void run(ForkJoinPool pool, int helpers, int count, int pieces, Parallel.Piece body) {
    Crew rested = RESTING.getAndSet(null);
    Crew crew = rested != null && rested.home.get() == pool ? rested : new Crew(pool);
    try {
      crew.run(new Loop(count, pieces, body), pool, helpers);
    } finally {
      RESTING.set(crew);
    }
  }

  private void run(Loop mine, ForkJoinPool pool, int helpers) {
    loop = mine;
    for (int missing = helpers - present.get(); missing > 0; missing--) {
      present.incrementAndGet();
      pool.execute(this::help);
    }
    mine.work();
    loop = null;
    mine.await();
  }

  private void help() {
    long deadline = System.nanoTime() + PATIENCE;
    for (int looks = 1; ; looks++) {
      Loop current = loop;
      if (current != null && current.work()) {
        deadline = System.nanoTime() + PATIENCE;
      } else {
        Thread.onSpinWait();
        if (looks % LOOKS == 0 && System.nanoTime() > deadline) {
          break;
        }
      }
    }
    present.decrementAndGet();
  }

  /** One loop, whose pieces are taken one by one by whoever has time. */
  private static final class Loop {
    private final int count;
    private final int pieces;
    private final Parallel.Piece body;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    Loop(int count, int pieces, Parallel.Piece body) {
      this.count = count;
      this.pieces = pieces;
      this.body = body;
    }

    /** Does pieces until none is left; returns whether there were any. */
    boolean work() {
      boolean any = false;
      while (next.get() < pieces) {
        int piece = next.getAndIncrement();
        if (piece < pieces) {
          any = true;
          run(piece);
        }
      }
      return any;
    }

    private void run(int piece) {
      try {
        if (failure.get() == null) {
          body.run(
              piece,
              Parallel.border(count, pieces, piece),
              Parallel.border(count, pieces, piece + 1));
        }
      } catch (Throwable thrown) {
        failure.compareAndSet(null, thrown);
      } finally {
        ended.incrementAndGet();
      }
    }

    /** Waits for the pieces that helpers still do; nobody may write any more when it returns. */
    void await() {
      for (int looks = 0; ended.get() < pieces; looks++) {
        if (looks < EAGER) {
          Thread.onSpinWait();
        } else {
          Thread.yield();
        }
      }
      Throwable thrown = failure.get();
      if (thrown instanceof Error error) {
        throw error;
      }
      if (thrown != null) {
        // A body declares no checked exceptions.
        throw (RuntimeException) thrown;
      }
    }
  }
}
