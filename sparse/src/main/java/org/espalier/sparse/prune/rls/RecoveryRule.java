package org.espalier.sparse.prune.rls;

/**
 * Decides after which epochs to prune (recursive least squares, section 2.7): the first time in the
 * first epoch that may, then whenever the loss is back at what it was before the last pruning. The
 * losses before prunings thus never rise.
 */
public final class RecoveryRule {
  private final double tolerance;
  private double reference = Double.NaN;
  private boolean recovered = true;

  /**
   * Creates the rule.
   *
   * @param tolerance the share by which a loss may lie above the one before the last pruning; at
   *     least 0
   */
  public RecoveryRule(double tolerance) {
    if (!(tolerance >= 0 && tolerance < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("rls: tolerance must be at least 0, got " + tolerance);
    }
    this.tolerance = tolerance;
  }

  /**
   * Takes the loss of an epoch and tells whether to prune behind it.
   *
   * @param allowed whether the epoch is one that may be followed by a pruning
   * @param loss a loss that is not finite never recovers
   */
  public boolean observe(boolean allowed, double loss) {
    boolean back =
        Double.isNaN(reference) ? Double.isFinite(loss) : loss <= reference * (1 + tolerance);
    recovered |= back;
    if (allowed && back) {
      reference = loss;
      recovered = false;
      return true;
    }
    return false;
  }

  /** Returns the loss before the last pruning, NaN if there was none. */
  public double reference() {
    return reference;
  }

  /** Tells whether the loss has come back since the last pruning, or there was none. */
  public boolean isRecovered() {
    return recovered;
  }

  /** Goes on from a saved reference and answer. */
  void restore(double savedReference, boolean savedRecovered) {
    reference = savedReference;
    recovered = savedRecovered;
  }
}
