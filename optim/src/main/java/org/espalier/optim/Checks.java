package org.espalier.optim;

/** Refuses hyper-parameters out of range; NaN is always out of range. */
final class Checks {
  private Checks() {}

  static double notNegative(String owner, String option, double value) {
    return check(
        value >= 0 && value < Double.POSITIVE_INFINITY, owner, option, "at least 0", value);
  }

  static double positive(String owner, String option, double value) {
    return check(value > 0 && value < Double.POSITIVE_INFINITY, owner, option, "above 0", value);
  }

  static double fraction(String owner, String option, double value) {
    return check(value >= 0 && value < 1, owner, option, "at least 0 and below 1", value);
  }

  static double finite(String owner, String option, double value) {
    return check(Double.isFinite(value), owner, option, "finite", value);
  }

  static int atLeast(int least, String owner, String option, int value) {
    check(value >= least, owner, option, "at least " + least, value);
    return value;
  }

  private static double check(
      boolean valid, String owner, String option, String expected, double value) {
    if (!valid) {
      throw new IllegalArgumentException(
          "%s: %s must be %s, got %s".formatted(owner, option, expected, text(value)));
    }
    return value;
  }

  private static String text(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }
}
