package org.espalier.tensor.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.RecursiveAction;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ThreadTeamTest {
  /**
   * Tells whether two threads come to be at work in one loop. A pool (of JDK 17 at least) may miss
   * waking a thread that is about to sleep; that costs one loop its helper, and the next one asks
   * again.
   */
  private static boolean bothAtOnce(ForkJoinPool pool) {
    for (int loop = 0; loop < 50; loop++) {
      if (haveMet(pool)) {
        return true;
      }
    }
    return false;
  }

  /** Runs two pieces of which each waits a while for the other. */
  private static boolean haveMet(ForkJoinPool pool) {
    CountDownLatch both = new CountDownLatch(2);
    AtomicInteger met = new AtomicInteger();
    ThreadTeam.run(
        pool,
        1,
        2,
        2,
        (piece, from, to) -> {
          both.countDown();
          try {
            met.addAndGet(both.await(200, TimeUnit.MILLISECONDS) ? 1 : 0);
          } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
          }
        });
    return met.get() == 2;
  }

  @Test
  void helpersWorkBesideTheCallerLoopAfterLoop() throws Exception {
    ForkJoinPool pool = new ForkJoinPool(2);
    try {
      for (int loop = 0; loop < 50; loop++) {
        assertTrue(pool.submit(() -> bothAtOnce(pool)).get(), "loop " + loop);
      }
      boolean all = pool.submit(() -> bothAtOnce(pool) && bothAtOnce(pool)).get();
      assertTrue(all, "one loop after the other in one task");
      Thread.sleep(5);
      assertTrue(pool.submit(() -> bothAtOnce(pool)).get(), "after the helper has gone");
    } finally {
      pool.shutdown();
    }
  }

  /** Looks at the task that the calling thread would take next. */
  private static final class Queue extends RecursiveAction {
    private static final long serialVersionUID = 1;

    static ForkJoinTask<?> next() {
      return peekNextLocalTask();
    }

    @Override
    protected void compute() {}
  }

  /** The pool's only thread is the caller's: nobody can come, and the queue must not grow. */
  @Test
  void invitationsThatNobodyAcceptsAreMadeAnewOneForOne() throws Exception {
    ForkJoinPool pool = new ForkJoinPool(1);
    try {
      AtomicInteger done = new AtomicInteger();
      int queued =
          pool.submit(
                  () -> {
                    ForkJoinTask<?> before = null;
                    for (int loop = 0; loop < 5; loop++) {
                      ThreadTeam.run(pool, 1, 4, 4, (piece, from, to) -> done.addAndGet(to - from));
                      assertNotSame(before, Queue.next(), "loop " + loop);
                      before = Queue.next();
                      Thread.sleep(2);
                    }
                    return ForkJoinTask.getQueuedTaskCount();
                  })
              .get();
      assertEquals(1, queued);
      assertEquals(20, done.get());
    } finally {
      pool.shutdown();
    }
  }

  /** Helpers that were asked for in vain are there as soon as the pool has a thread for them. */
  @Test
  void aThreadThatComesLateHelpsFromThenOn() throws Exception {
    ForkJoinPool pool = new ForkJoinPool(2);
    CountDownLatch busy = new CountDownLatch(1);
    try {
      pool.execute(
          () -> {
            try {
              busy.await();
            } catch (InterruptedException interrupted) {
              throw new AssertionError(interrupted);
            }
          });
      boolean helped =
          pool.submit(
                  () -> {
                    for (int loop = 0; loop < 3; loop++) {
                      ThreadTeam.run(pool, 1, 1, 1, (piece, from, to) -> {});
                      Thread.sleep(2);
                    }
                    busy.countDown();
                    return bothAtOnce(pool);
                  })
              .get();
      assertTrue(helped);
    } finally {
      busy.countDown();
      pool.shutdown();
    }
  }

  @Test
  void aPoolThatWasToldToShutDownStillFinishesItsWork() throws Exception {
    ForkJoinPool pool = new ForkJoinPool(2);
    CountDownLatch told = new CountDownLatch(1);
    var result =
        pool.submit(
            () -> {
              assertTrue(told.await(10, TimeUnit.SECONDS));
              return bothAtOnce(pool);
            });
    pool.shutdown();
    told.countDown();
    assertTrue(result.get(20, TimeUnit.SECONDS));
  }

  @Test
  void nothingIsStillWrittenWhenTheLoopReturns() throws Exception {
    ForkJoinPool pool = new ForkJoinPool(3);
    try {
      for (int loop = 0; loop < 2000; loop++) {
        AtomicInteger done = new AtomicInteger();
        int seen =
            pool.submit(
                    () -> {
                      ThreadTeam.run(pool, 2, 7, 7, (piece, from, to) -> done.addAndGet(to - from));
                      return done.get();
                    })
                .get();
        assertEquals(7, seen);
      }
    } finally {
      pool.shutdown();
    }
  }
}
