package org.espalier.tensor.kernel;

/** Names the ways to reduce an axis to one number. */
public enum Reduction {
  /** The sum; 0 for nothing. */
  SUM,
  /** The arithmetic mean; NaN for nothing. */
  MEAN,
  /** The largest number; NaN wins, -infinity for nothing. */
  MAX
}
