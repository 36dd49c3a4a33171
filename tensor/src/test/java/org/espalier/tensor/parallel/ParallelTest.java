package org.espalier.tensor.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class ParallelTest {
  @Test
  void everyItemIsDoneOnce() {
    for (int count : new int[] {0, 1, 2, 7, 128, 129, 1000}) {
      for (int grain : new int[] {1, 3, 1000}) {
        AtomicIntegerArray done = new AtomicIntegerArray(count);
        Parallel.range(
            count,
            grain,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                done.incrementAndGet(i);
              }
            });
        for (int i = 0; i < count; i++) {
          assertEquals(1, done.get(i), "item " + i + " of " + count);
        }
      }
    }
  }

  @Test
  void bordersDependOnTheSizeAloneNotOnTheThreads() throws Exception {
    Set<String> expected = new TreeSet<>();
    for (int threads = 1; threads <= 3; threads++) {
      ForkJoinPool pool = new ForkJoinPool(threads);
      try {
        Set<String> borders = new ConcurrentSkipListSet<>();
        pool.submit(
                () ->
                    Parallel.numbered(
                        1001, 10, (piece, from, to) -> borders.add(piece + ":" + from + "-" + to)))
            .get();
        if (threads == 1) {
          expected.addAll(borders);
        }
        assertEquals(expected, borders);
        assertEquals(Parallel.pieces(1001, 10), borders.size());
      } finally {
        pool.shutdown();
      }
    }
  }

  @Test
  void piecesRunInThePoolOfTheCaller() throws Exception {
    ForkJoinPool pool = new ForkJoinPool(2);
    try {
      Set<ForkJoinPool> seen = ConcurrentHashMap.newKeySet();
      pool.submit(() -> Parallel.range(64, 1, (from, to) -> seen.add(ForkJoinTask.getPool())))
          .get();
      assertEquals(Set.of(pool), seen);
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void aSinglePieceRunsInTheCaller() {
    Thread caller = Thread.currentThread();
    Parallel.range(9, 10, (from, to) -> assertSame(caller, Thread.currentThread()));
  }

  @Test
  void aFailureReachesTheCaller() {
    for (int bad : new int[] {0, 31, 63}) {
      IllegalStateException failure =
          assertThrows(
              IllegalStateException.class,
              () ->
                  Parallel.range(
                      64,
                      1,
                      (from, to) -> {
                        if (from <= bad && bad < to) {
                          throw new IllegalStateException("item " + bad);
                        }
                      }));
      assertTrue(failure.getMessage().contains("item " + bad), failure.getMessage());
    }
  }

  @Test
  void aFailureWaitsForThePiecesThatStillRun() throws Exception {
    AtomicInteger running = new AtomicInteger();
    CountDownLatch other = new CountDownLatch(1);
    Parallel.Range body =
        (from, to) -> {
          if (from == 0) {
            await(other);
            throw new IllegalStateException("the first piece");
          }
          running.incrementAndGet();
          other.countDown();
          await(new CountDownLatch(1));
          running.decrementAndGet();
        };
    ForkJoinPool pool = new ForkJoinPool(2);
    try {
      int left =
          pool.submit(
                  () -> {
                    assertThrows(IllegalStateException.class, () -> Parallel.range(2, 1, body));
                    return running.get();
                  })
              .get();
      assertEquals(0, left);
    } finally {
      pool.shutdown();
    }
  }

  /** Waits for a latch, or a moment. */
  private static void await(CountDownLatch latch) {
    try {
      latch.await(100, TimeUnit.MILLISECONDS);
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  @Test
  void callsNest() {
    int[][] done = new int[8][8];
    Parallel.range(
        8,
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            int[] row = done[i];
            Parallel.range(
                8,
                1,
                (first, last) -> {
                  for (int j = first; j < last; j++) {
                    row[j]++;
                  }
                });
          }
        });
    for (int[] row : done) {
      assertArrayEquals(new int[] {1, 1, 1, 1, 1, 1, 1, 1}, row);
    }
  }
}
