package org.espalier.bench.peers;

/**
 * How long a contest takes. Work that is longer than its share of time is still run at least {@code
 * least} times a side behind its warm-up.
 *
 * @param heatNanos rehearsal of one side: freshly compiled code may look steady before the
 *     optimising compiler is done with it, so its work must be begun early
 * @param warmUpNanos longest warm-up of one side
 * @param sampleNanos time that short runs are repeated for, to make one sample
 * @param measureNanos longest time of all samples of both sides
 * @param least fewest samples of a side
 * @param most most samples of a side
 */
record Pace(
    long heatNanos, long warmUpNanos, long sampleNanos, long measureNanos, int least, int most) {
  private static final long MILLI = 1_000_000;

  /** Shows which way the ratio points; all groups end in about four minutes. */
  static final Pace QUICK = new Pace(100 * MILLI, 700 * MILLI, 10 * MILLI, 500 * MILLI, 2, 9);

  /** Gives figures to be written down. */
  static final Pace FULL = new Pace(1000 * MILLI, 5000 * MILLI, 30 * MILLI, 15_000 * MILLI, 7, 21);
}
