package org.espalier.nn;

import java.util.Iterator;

/**
 * Gives the batches of an epoch, in an order that is a pure function of the epoch's number: an
 * interrupted epoch goes on at any step and sees what it would have seen.
 */
public interface Batches {
  /** Returns the number of batches in an epoch. */
  int count();

  /** Returns the number of samples in an epoch. */
  int samples();

  /**
   * Returns the batches of an epoch from {@code firstStep} on. A batch's tensors may be reused by
   * the iterator two calls later. Close the iterator if it is {@link AutoCloseable} and left early.
   */
  Iterator<Batch> epoch(int epoch, int firstStep);
}
