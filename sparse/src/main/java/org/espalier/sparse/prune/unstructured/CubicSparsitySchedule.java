package org.espalier.sparse.prune.unstructured;

/**
 * Raises the sparsity fast at first and slowly at last (Zhu and Gupta, 2017; resource-efficiency
 * survey, P2):
 *
 * <pre>
 * s(t) = final + (initial - final) · (1 - clamp((t - begin) / (end - begin), 0, 1))^power
 * </pre>
 *
 * @param initialSparsity the sparsity up to the first step, in [0, 1)
 * @param finalSparsity the sparsity from the last step on, in [0, 1)
 * @param begin the first step
 * @param end the last step
 * @param frequency every how many steps the mask is chosen anew
 * @param power the exponent, 3
 */
public record CubicSparsitySchedule(
    double initialSparsity,
    double finalSparsity,
    long begin,
    long end,
    long frequency,
    double power) {
  /** Every how many steps masks are chosen anew where nothing else is said. */
  public static final long DEFAULT_FREQUENCY = 100;

  /** Creates the schedule; sparsities, steps and power out of range are refused. */
  public CubicSparsitySchedule {
    ConnectionMasks.checkSparsity(initialSparsity);
    ConnectionMasks.checkSparsity(finalSparsity);
    if (begin < 0 || end <= begin || frequency <= 0) {
      throw new IllegalArgumentException(
          "cubic schedule: steps must satisfy 0 <= begin < end and frequency > 0, got begin %d, end %d, frequency %d"
              .formatted(begin, end, frequency));
    }
    if (!(power > 0)) {
      throw new IllegalArgumentException("cubic schedule: power must be above 0, got " + power);
    }
  }

  /** Returns the cubic schedule from a dense network, every hundred steps. */
  public static CubicSparsitySchedule to(double sparsity, long begin, long end) {
    return new CubicSparsitySchedule(0, sparsity, begin, end, DEFAULT_FREQUENCY, 3);
  }

  /** Returns this schedule with another frequency. */
  public CubicSparsitySchedule every(long steps) {
    return new CubicSparsitySchedule(initialSparsity, finalSparsity, begin, end, steps, power);
  }

  /** Returns the sparsity at a step. */
  public double sparsity(long step) {
    double gone = Math.min(Math.max((double) (step - begin) / (end - begin), 0), 1);
    return finalSparsity + (initialSparsity - finalSparsity) * Math.pow(1 - gone, power);
  }

  /** Tells whether the mask is chosen anew at a step. */
  public boolean updates(long step) {
    return step >= begin && step <= end && (step - begin) % frequency == 0;
  }
}
