package org.espalier.sparse.quant;

/** Rounds numbers of {@code [0, 1]} to evenly spaced levels (resource-efficiency survey, Q5). */
final class Levels {
  private Levels() {}

  /** Returns {@code round(r·(2^bits - 1))/(2^bits - 1)}. */
  static double round(double r, int bits) {
    int steps = (1 << bits) - 1;
    return Math.rint(r * steps) / steps;
  }

  static int checked(String technique, int bits) {
    if (bits < 1 || bits > 16) {
      throw new IllegalArgumentException(
          "%s: bits must be 1 to 16, got %d".formatted(technique, bits));
    }
    return bits;
  }
}
