package org.espalier.sparse.prune;

/**
 * Gives the prune ratio of each epoch; a pure function, so that a resumed run goes on as it would
 * have (soft filter pruning, sections 2.3 and 2.5).
 */
@FunctionalInterface
public interface PruneSchedule {
  /** Returns the pruned fraction after an epoch, counted from 0; in [0, 1). */
  double ratio(int epoch);

  /** Returns the same ratio for every epoch: soft filter pruning. */
  static PruneSchedule constant(double ratio) {
    Rounding.checked(ratio);
    return epoch -> ratio;
  }

  /**
   * Returns a ratio that grows fast, then slowly: asymptotic soft filter pruning (He et al., IEEE
   * Transactions on Cybernetics 2019), with D = 1/8.
   */
  static PruneSchedule asymptotic(double start, double goal, int epochs) {
    return asymptotic(start, goal, epochs, 0.125);
  }

  /**
   * Returns a ratio that grows fast, then slowly: {@code P(e) = a·e^(-k·e) + b} through {@code P(0)
   * = start}, {@code P(D·(E-1)) = start + 0.75·(goal - start)} and {@code P(E-1) = goal}; later
   * epochs keep the goal. The middle point for a start above 0 is (reconstructed).
   *
   * @param start the ratio of epoch 0
   * @param goal the ratio of the last epoch, not below the start
   * @param epochs E, at least 2
   * @param share D, the share of the run by which three quarters are reached; in (0, 0.75)
   */
  static PruneSchedule asymptotic(double start, double goal, int epochs, double share) {
    return AsymptoticRatio.of(start, goal, epochs, share);
  }
}
