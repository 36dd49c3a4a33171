package org.espalier.bench.peers;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Runs both sides of a contest in turns, so that whatever disturbs the machine disturbs both.
 *
 * <p>First the outputs are compared. Then both warm up until the medians of three successive rounds
 * agree, and each repetition times one side and then the other; the order alternates.
 */
final class Duel {
  /** Largest difference of the outputs, relative to the largest output. */
  private static final double TOLERANCE = 5e-4;

  /** Rounds are steady when their medians differ by less than this. */
  private static final double STEADY = 0.03;

  private final LongSupplier clock;
  private final long sampleNanos;
  private final long warmUpNanos;
  private final int repetitions;

  /**
   * Makes a duel.
   *
   * @param quick short instead of full length
   * @param processorTime count the processor time of the calling thread instead of the time that
   *     passes, for busy machines; right only where both sides work in that thread
   */
  Duel(boolean quick, boolean processorTime) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    clock = processorTime ? threads::getCurrentThreadCpuTime : System::nanoTime;
    sampleNanos = quick ? 15_000_000 : 30_000_000;
    warmUpNanos = quick ? 1_500_000_000L : 5_000_000_000L;
    repetitions = quick ? 9 : 21;
  }

  /** Runs a contest. */
  Result run(Contest contest, int threads) {
    try (Side espalier = contest.espalier().get();
        Side peer = contest.other().get()) {
      double difference = compare(contest, espalier, peer);
      int oursAtOnce = warmUp(espalier);
      int peersAtOnce = warmUp(peer);
      double[] ours = new double[repetitions];
      double[] theirs = new double[repetitions];
      double[] ratios = new double[repetitions];
      for (int i = 0; i < repetitions; i++) {
        if (i % 2 == 0) {
          ours[i] = sample(espalier, oursAtOnce);
          theirs[i] = sample(peer, peersAtOnce);
        } else {
          theirs[i] = sample(peer, peersAtOnce);
          ours[i] = sample(espalier, oursAtOnce);
        }
        ratios[i] = theirs[i] / ours[i];
      }
      Arrays.sort(ratios);
      return new Result(
          contest,
          threads,
          median(ours) / 1e6,
          median(theirs) / 1e6,
          ratios[repetitions / 4],
          ratios[repetitions - 1 - repetitions / 4],
          difference);
    }
  }

  private static double compare(Contest contest, Side espalier, Side peer) {
    espalier.prepare();
    espalier.run();
    peer.prepare();
    peer.run();
    float[] ours = espalier.output();
    float[] theirs = peer.output();
    String what = contest.group() + " " + contest.name();
    if (ours.length != theirs.length) {
      throw new IllegalStateException(
          what + ": outputs have " + ours.length + " and " + theirs.length + " elements");
    }
    double largest = 1e-30;
    double difference = 0;
    for (int i = 0; i < ours.length; i++) {
      largest = Math.max(largest, Math.abs(theirs[i]));
      difference = Math.max(difference, Math.abs((double) ours[i] - theirs[i]));
    }
    if (!(difference <= TOLERANCE * largest)) {
      throw new IllegalStateException(
          what + ": outputs differ by " + difference + " where the largest is " + largest);
    }
    return difference / largest;
  }

  /** Runs until steady; returns how many runs fill one sample. */
  private int warmUp(Side side) {
    long end = System.nanoTime() + warmUpNanos;
    int atOnce = 1;
    double before = Double.POSITIVE_INFINITY;
    double last = Double.POSITIVE_INFINITY;
    while (System.nanoTime() < end) {
      double[] round = new double[5];
      for (int i = 0; i < round.length; i++) {
        round[i] = sample(side, atOnce);
      }
      double now = median(round);
      atOnce = (int) Math.max(1, Math.min(100_000, sampleNanos / Math.max(1, now)));
      if (near(now, last) && near(last, before)) {
        return atOnce;
      }
      before = last;
      last = now;
    }
    return atOnce;
  }

  private static boolean near(double a, double b) {
    return Math.abs(a - b) <= STEADY * Math.min(a, b);
  }

  /** Returns the mean nanoseconds of so many runs, without their preparations. */
  private double sample(Side side, int runs) {
    long spent = 0;
    for (int i = 0; i < runs; i++) {
      side.prepare();
      long start = clock.getAsLong();
      side.run();
      spent += clock.getAsLong() - start;
    }
    return (double) spent / runs;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
