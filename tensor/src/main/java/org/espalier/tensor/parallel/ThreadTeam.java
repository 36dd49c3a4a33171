package org.espalier.tensor.parallel;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Keeps the threads that helped with one loop at hand for the next.
 *
 * <p>A training step is some hundred loops of a few tenths of a millisecond each. To park a thread
 * of a {@link ForkJoinPool} behind each and to wake it for the next costs as much as the loop
 * itself, so helpers look out for more work for a moment before they go. A team serves one loop at
 * a time; loops inside its pieces, and other callers, get teams of their own.
 */
final class ThreadTeam {
  /**
   * How long helpers look out for the next loop, in nanoseconds: longer than most of what a step
   * does between two loops, too short for anybody to notice that they spin on behind the last one.
   */
  private static final long SPIN_NANOS = 500_000;

  /** Spins between two readings of the clock. */
  private static final int SPINS = 64;

  /** Spins after which a caller that waits for its helpers lets other threads run. */
  private static final int SPINS_BEFORE_YIELD = 10_000;

  /**
   * Nanoseconds after which an invitation that no thread has accepted is made anew: a pool that has
   * just missed waking a thread for it would else leave the caller alone for good.
   */
  private static final long LOST_NANOS = 1_000_000;

  /** The team whose loop ended last. It keeps neither a thread nor a pool alive. */
  private static final AtomicReference<ThreadTeam> IDLE = new AtomicReference<>();

  private final WeakReference<ForkJoinPool> pool;
  private final AtomicInteger present = new AtomicInteger();
  private final ArrayDeque<Invitation> open = new ArrayDeque<>();
  private volatile Loop loop;

  private ThreadTeam(ForkJoinPool pool) {
    this.pool = new WeakReference<>(pool);
  }

  /**
   * Runs all pieces in the caller and in threads of a pool, and returns when all have ended. A
   * piece that throws stops the caller then.
   *
   * @param helpers most threads besides the caller
   */
  static void run(ForkJoinPool pool, int helpers, int count, int pieces, Parallel.Piece body) {
    ThreadTeam idle = IDLE.getAndSet(null);
    ThreadTeam team = idle != null && idle.pool.get() == pool ? idle : new ThreadTeam(pool);
    try {
      team.run(new Loop(count, pieces, body), pool, helpers);
    } finally {
      IDLE.set(team);
    }
  }

  private void run(Loop mine, ForkJoinPool pool, int helpers) {
    // Shown before the helpers are counted: one who leaves looks once more, see stays.
    loop = mine;
    try {
      withdrawLost();
      for (int missing = helpers - present.get(); missing > 0; missing--) {
        submit(pool);
        present.incrementAndGet();
      }
    } finally {
      mine.work();
      loop = null;
      mine.await();
    }
  }

  /** A pool that was told to shut down takes nothing from outside, but its own threads may fork. */
  private void submit(ForkJoinPool target) {
    if (ForkJoinTask.inForkJoinPool()) {
      Invitation invitation = new Invitation();
      open.push(invitation);
      invitation.fork();
    } else {
      target.execute(this::help);
    }
  }

  /** Takes old invitations back, the newest first, as the queue of the caller's thread has them. */
  private void withdrawLost() {
    open.removeIf(invitation -> invitation.accepted);
    while (!open.isEmpty() && open.peek().isLost() && open.peek().tryUnfork()) {
      open.pop();
      present.decrementAndGet();
    }
  }

  /**
   * Asks a thread of the pool to help. Only the caller of the team's loop sees the list of them.
   */
  private final class Invitation extends ForkJoinTask<Void> {
    private static final long serialVersionUID = 1;

    private final long since = System.nanoTime();
    private transient volatile boolean accepted;

    boolean isLost() {
      return System.nanoTime() - since > LOST_NANOS;
    }

    @Override
    protected boolean exec() {
      accepted = true;
      help();
      return true;
    }

    @Override
    public Void getRawResult() {
      return null;
    }

    @Override
    protected void setRawResult(Void value) {}
  }

  private void help() {
    long deadline = System.nanoTime() + SPIN_NANOS;
    for (int spins = 1; ; spins++) {
      Loop current = loop;
      if (current != null && current.work()) {
        deadline = System.nanoTime() + SPIN_NANOS;
      } else {
        Thread.onSpinWait();
        if (spins % SPINS == 0 && System.nanoTime() > deadline && !stays()) {
          return;
        }
      }
    }
  }

  /** Signs a helper off, unless a loop has begun meanwhile whose caller still counted on it. */
  private boolean stays() {
    present.decrementAndGet();
    if (loop == null) {
      return false;
    }
    present.incrementAndGet();
    return true;
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
      for (int spins = 0; ended.get() < pieces; spins++) {
        if (spins < SPINS_BEFORE_YIELD) {
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
