package org.espalier.tensor.kernel;

/**
 * Is the interval that an activation clamps numbers to, {@code min(max(x, low), high)}; NaN stays
 * NaN.
 *
 * @param low the least number
 * @param high the greatest number, infinity where there is none
 */
public record Clamp(float low, float high) {
  /** The rectifier, {@code max(x, 0)}. */
  public static final Clamp RELU = new Clamp(0, Float.POSITIVE_INFINITY);

  /** Creates the interval; low must not lie above high. */
  public Clamp {
    if (!(low <= high)) {
      throw new IllegalArgumentException("clamp: low " + low + " lies above high " + high);
    }
  }

  /** Tells whether this is the rectifier. */
  public boolean isRelu() {
    return equals(RELU);
  }
}
