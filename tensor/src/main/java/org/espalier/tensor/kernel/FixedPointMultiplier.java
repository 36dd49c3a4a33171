package org.espalier.tensor.kernel;

/**
 * Multiplies integers by a real number in 32-bit integer arithmetic, as gemmlowp does: {@code M =
 * multiplier · 2^(shift - 31)} (resource-efficient survey, sheet section 2, Q9).
 *
 * @param multiplier the mantissa in {@code [2^30, 2^31)}, 0 for a number too small
 * @param shift the binary exponent
 */
public record FixedPointMultiplier(int multiplier, int shift) {
  /** Bits of the mantissa. */
  private static final int BITS = 31;

  /** The lowest exponent: below, every product of 32 bits rounds to 0. */
  private static final int LOWEST = -31;

  /**
   * Returns the multiplier nearest to a real number: {@code M = m0 · 2^e}, m0 in {@code [0.5, 1)},
   * {@code m = floor(m0 · 2^31 + 0.5)}; 0 where e lies below -31.
   *
   * @throws IllegalArgumentException if the number is negative, infinite or NaN
   */
  public static FixedPointMultiplier of(double real) {
    if (!(real >= 0) || Double.isInfinite(real)) {
      throw new IllegalArgumentException(
          "fixed point: the multiplier must be finite and at least 0, got " + real);
    }
    if (real < 0x1p-60) {
      return new FixedPointMultiplier(0, 0);
    }
    int exponent = Math.getExponent(real) + 1;
    long mantissa = (long) Math.floor(Math.scalb(real, BITS - exponent) + 0.5);
    if (mantissa == 1L << BITS) {
      mantissa /= 2;
      exponent++;
    }
    return exponent < LOWEST
        ? new FixedPointMultiplier(0, 0)
        : new FixedPointMultiplier((int) mantissa, exponent);
  }

  /**
   * Returns {@code round(a · b / 2^31)}: the product of two fixed-point fractions, nudged and then
   * cut towards zero; the one product that does not fit, of the two least numbers, saturates.
   */
  public static int highMul(int a, int b) {
    if (a == Integer.MIN_VALUE && b == Integer.MIN_VALUE) {
      return Integer.MAX_VALUE;
    }
    long product = (long) a * b;
    long nudge = product >= 0 ? 1L << (BITS - 1) : 1 - (1L << (BITS - 1));
    return (int) ((product + nudge) / (1L << BITS));
  }

  /**
   * Returns {@code x / 2^exponent} rounded to nearest, ties away from zero.
   *
   * @param exponent from 0 to 31
   */
  public static int roundingShift(int x, int exponent) {
    int mask = (int) ((1L << exponent) - 1);
    int threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
  }

  /** Returns {@code round(x · M)}; a shift to the left saturates. */
  public int times(int x) {
    int shifted = shift > 0 ? saturatingShift(x) : x;
    return roundingShift(highMul(shifted, multiplier), Math.max(-shift, 0));
  }

  private int saturatingShift(int x) {
    long wide = (long) x << Math.min(shift, BITS);
    return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, wide));
  }
}
