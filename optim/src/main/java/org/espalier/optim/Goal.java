package org.espalier.optim;

/** Says which values of a metric are the good ones. */
public enum Goal {
  /** Small is good: a loss. */
  MINIMIZE,
  /** Large is good: an accuracy. */
  MAXIMIZE;

  /** Returns the value that every other is better than. */
  public double worst() {
    return this == MINIMIZE ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
  }

  /** Tells whether a value beats a bound; NaN never does. */
  public boolean isBetter(double value, double bound) {
    return this == MINIMIZE ? value < bound : value > bound;
  }
}
