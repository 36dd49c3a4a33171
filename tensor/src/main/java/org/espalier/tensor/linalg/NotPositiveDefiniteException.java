package org.espalier.tensor.linalg;

/** Reports a matrix without Cholesky factor, with the index of the pivot that failed. */
public final class NotPositiveDefiniteException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final int pivot;

  /** Creates the exception for the pivot with this index, counted from 0. */
  NotPositiveDefiniteException(String message, int pivot) {
    super(message);
    this.pivot = pivot;
  }

  /**
   * Returns the index i, counted from 0, of the first pivot that is not positive: the leading
   * {@code i × i} block is positive definite, the next larger one is not.
   */
  public int pivot() {
    return pivot;
  }
}
