package org.espalier.tensor.linalg;

import java.util.function.IntPredicate;

/**
 * Finds the block of a bidiagonal or tridiagonal matrix that is to be swept next, and numbers its
 * rows in the order of the sweep: from the larger to the smaller end, downwards or upwards.
 */
final class SweepBlock {
  private final double[] d;
  private final IntPredicate isNegligible;
  private int low;
  private int high;
  private int step = 1;
  private int previousLow = -1;
  private int previousHigh = -1;

  /**
   * Looks for blocks of the matrix with diagonal {@code d}.
   *
   * @param isNegligible tells whether link i, between rows i and i + 1, may be taken as zero
   */
  SweepBlock(double[] d, IntPredicate isNegligible) {
    this.d = d;
    this.isNegligible = isNegligible;
    this.high = d.length - 1;
  }

  /** Moves to the last block that is not diagonal, and tells whether there is one. */
  boolean find() {
    while (high > 0 && isNegligible.test(high - 1)) {
      high--;
    }
    if (high <= 0) {
      return false;
    }
    low = high - 1;
    while (low > 0 && !isNegligible.test(low - 1)) {
      low--;
    }
    boolean isNew = low > previousHigh || high < previousLow;
    if (isNew) {
      step = Math.abs(d[low]) >= Math.abs(d[high]) ? 1 : -1;
    }
    previousLow = low;
    previousHigh = high;
    return true;
  }

  /** Returns the number of links in the block, one less than its rows. */
  int length() {
    return high - low;
  }

  /** Returns +1 for a sweep downwards, −1 upwards. */
  int step() {
    return step;
  }

  /** Returns the matrix row at position {@code t} of the sweep. */
  int row(int t) {
    return step > 0 ? low + t : high - t;
  }

  /** Returns the index of the link between positions {@code t} and {@code t + 1}. */
  int link(int t) {
    return step > 0 ? low + t : high - t - 1;
  }

  @Override
  public String toString() {
    return "rows " + low + " to " + high;
  }
}
