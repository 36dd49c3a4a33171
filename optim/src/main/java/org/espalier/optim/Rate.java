package org.espalier.optim;

/**
 * Says what the learning rate is now for any base rate: each parameter group of an optimizer has a
 * base of its own, and a schedule moves them all.
 */
@FunctionalInterface
public interface Rate {
  /** Leaves every group at its base rate. */
  Rate BASE = base -> base;

  /** Returns the learning rate for a base rate. */
  double of(double base);

  /** Returns one rate for everybody, whatever the base. */
  static Rate fixed(double rate) {
    return base -> rate;
  }
}
