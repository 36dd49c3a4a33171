package org.espalier.bench.peers;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.function.LongSupplier;

/**
 * Runs both sides of a contest in turns, so that whatever disturbs the machine disturbs both.
 *
 * <p>A rehearsal compares the outputs and wakes the compiler, which works on while other contests
 * are rehearsed. Then both warm up until the medians of three successive rounds agree, and each
 * repetition times one side and then the other; the order alternates.
 */
final class Duel {
  /** Rounds are steady when their medians differ by less than this. */
  private static final double STEADY = 0.03;

  private static final int ROUND = 5;

  private final LongSupplier clock;
  private final Pace pace;

  /**
   * Makes a duel.
   *
   * @param pace how long contests take
   * @param processorTime count the processor time of the calling thread instead of the time that
   *     passes, for busy machines; right only where both sides work in that thread
   */
  Duel(Pace pace, boolean processorTime) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    this.clock = processorTime ? threads::getCurrentThreadCpuTime : System::nanoTime;
    this.pace = pace;
  }

  /**
   * Compares the outputs; returns their largest relative difference, fails where it is too large.
   */
  double rehearse(Contest contest) {
    try (Sides sides = contest.sides().get()) {
      double difference = compare(sides, contest.tolerance());
      heat(sides.espalier());
      heat(sides.peer());
      return difference;
    }
  }

  private void heat(Side side) {
    long end = System.nanoTime() + pace.heatNanos();
    while (System.nanoTime() < end) {
      sample(side, 1);
    }
  }

  /** Times a contest that was rehearsed. */
  Result run(Contest contest, int threads, double difference) {
    try (Sides sides = contest.sides().get()) {
      return time(contest, threads, sides, difference);
    }
  }

  private Result time(Contest contest, int threads, Sides sides, double difference) {
    int oursAtOnce = warmUp(sides.espalier());
    int peersAtOnce = warmUp(sides.peer());
    double[] ours = new double[pace.most()];
    double[] theirs = new double[pace.most()];
    double[] ratios = new double[pace.most()];
    long end = System.nanoTime() + pace.measureNanos();
    int count = 0;
    while (count < pace.least() || (count < pace.most() && System.nanoTime() < end)) {
      boolean oursFirst = count % 2 == 0;
      if (oursFirst) {
        ours[count] = sample(sides.espalier(), oursAtOnce);
      }
      theirs[count] = sample(sides.peer(), peersAtOnce);
      if (!oursFirst) {
        ours[count] = sample(sides.espalier(), oursAtOnce);
      }
      ratios[count] = theirs[count] / ours[count] / sides.work();
      count++;
    }
    Arrays.sort(ratios, 0, count);
    return new Result(
        contest,
        threads,
        median(ours, count) / 1e6,
        median(theirs, count) / 1e6,
        sides.work(),
        ratios[count / 4],
        ratios[count - 1 - count / 4],
        difference);
  }

  private static double compare(Sides sides, IntToDoubleFunction tolerance) {
    List<float[]> ours = outputs(sides.espalier());
    List<float[]> theirs = outputs(sides.peer());
    if (ours.size() != theirs.size()) {
      throw new IllegalStateException(
          "we have " + ours.size() + " outputs, the peer " + theirs.size());
    }
    double difference = 0;
    for (int i = 0; i < ours.size(); i++) {
      difference =
          Math.max(
              difference, difference(i, ours.get(i), theirs.get(i), tolerance.applyAsDouble(i)));
    }
    return difference;
  }

  private static List<float[]> outputs(Side side) {
    side.prepare();
    side.run();
    return side.outputs();
  }

  private static double difference(int number, float[] ours, float[] theirs, double tolerance) {
    if (ours.length != theirs.length) {
      throw new IllegalStateException(
          "output %d has %d elements, the peer's %d".formatted(number, ours.length, theirs.length));
    }
    double squares = 1e-60;
    double errors = 0;
    for (int i = 0; i < ours.length; i++) {
      double error = (double) ours[i] - theirs[i];
      squares += (double) theirs[i] * theirs[i];
      errors += error * error;
    }
    double difference = Math.sqrt(errors / squares);
    if (!(difference <= tolerance)) {
      throw new IllegalStateException(
          "output %d differs by %s of its norm, at most %s may be rounding"
              .formatted(number, difference, tolerance));
    }
    return difference;
  }

  /** Runs until steady; returns how many runs fill one sample. */
  private int warmUp(Side side) {
    long end = System.nanoTime() + pace.warmUpNanos();
    int atOnce = 1;
    double before = Double.POSITIVE_INFINITY;
    double last = Double.POSITIVE_INFINITY;
    while (System.nanoTime() < end) {
      double[] round = new double[ROUND];
      int count = 0;
      while (count < ROUND && (count == 0 || System.nanoTime() < end)) {
        round[count++] = sample(side, atOnce);
      }
      double now = median(round, count);
      atOnce = (int) Math.max(1, Math.min(100_000, pace.sampleNanos() / Math.max(1, now)));
      if (near(now, last) && near(last, before)) {
        break;
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

  private static double median(double[] values, int count) {
    double[] sorted = Arrays.copyOf(values, count);
    Arrays.sort(sorted);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
  }
}
