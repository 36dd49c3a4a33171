package org.espalier.tensor.kernel;

/**
 * Says which codes a tensor of I8 uses: the code that means 0, and the lowest and highest ones.
 *
 * <p>Codes are signed bytes. An unsigned code u of {@code [0, 255]} is held as {@code u - 128}, its
 * zero point likewise: differences of codes, all that integer arithmetic reads, are the same, and
 * bytes compare and widen as Java does it anyway.
 *
 * @param zeroPoint the code of 0
 * @param low the lowest code; that of 0 where a rectifier is part of the rounding
 * @param high the highest code
 */
public record CodeRange(int zeroPoint, int low, int high) {
  /** The lowest code a byte holds. */
  public static final int LOWEST = Byte.MIN_VALUE;

  /** The highest code a byte holds. */
  public static final int HIGHEST = Byte.MAX_VALUE;

  /** How many codes there are. */
  public static final int CODES = HIGHEST - LOWEST + 1;

  /** Creates the range. */
  public CodeRange {
    boolean ordered = LOWEST <= low && low <= high && high <= HIGHEST;
    if (!ordered || zeroPoint < LOWEST || zeroPoint > HIGHEST) {
      throw new IllegalArgumentException(
          "codes: zero point %d, low %d and high %d must lie within [-128, 127], low not above high"
              .formatted(zeroPoint, low, high));
    }
  }

  /** Returns all codes with this one for 0. */
  public static CodeRange all(int zeroPoint) {
    return new CodeRange(zeroPoint, LOWEST, HIGHEST);
  }

  /**
   * Returns {@code clamp(rint(steps) + zeroPoint)}, ties to even: the code of a number of steps.
   */
  public byte code(double steps) {
    return clamp(Math.rint(steps) + zeroPoint);
  }

  /** Returns a number moved into the range. */
  public byte clamp(double code) {
    return (byte) Math.max(low, Math.min(high, code));
  }

  /** Returns how far a code may lie from the zero point, {@code max |q - z|}. */
  public int reach() {
    return Math.max(HIGHEST - zeroPoint, zeroPoint - LOWEST);
  }
}
