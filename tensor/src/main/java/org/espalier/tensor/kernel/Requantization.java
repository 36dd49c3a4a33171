package org.espalier.tensor.kernel;

/**
 * Turns integer sums into codes, {@code q = clamp(round(sum · M[channel]) + z)}, in one of two
 * modes (resource-efficient survey, sheet section 2, Q9).
 */
public final class Requantization {
  private final RequantizationMode mode;
  private final double[] multipliers;
  private final FixedPointMultiplier[] fixed;
  private final CodeRange range;

  /**
   * Creates the rounding.
   *
   * @param mode which arithmetic
   * @param range the codes of the result
   * @param multipliers M of each channel, or one for all; finite and at least 0
   */
  public Requantization(RequantizationMode mode, CodeRange range, double... multipliers) {
    this.mode = mode;
    this.range = range;
    this.multipliers = multipliers.clone();
    boolean integers = mode == RequantizationMode.FIXED_POINT;
    this.fixed = new FixedPointMultiplier[integers ? multipliers.length : 0];
    for (int c = 0; c < multipliers.length; c++) {
      if (!(multipliers[c] >= 0) || Double.isInfinite(multipliers[c])) {
        throw new IllegalArgumentException(
            "requantization: multiplier %d must be finite and at least 0, got %s"
                .formatted(c, multipliers[c]));
      }
      if (integers) {
        fixed[c] = FixedPointMultiplier.of(multipliers[c]);
      }
    }
  }

  /** Returns which arithmetic is used. */
  public RequantizationMode mode() {
    return mode;
  }

  /** Returns the codes of the result. */
  public CodeRange range() {
    return range;
  }

  /** Returns M of a channel. */
  public double multiplier(int channel) {
    return multipliers[multipliers.length == 1 ? 0 : channel];
  }

  /** Returns this rounding with every M divided: a mean instead of a sum. */
  public Requantization dividedBy(int count) {
    double[] divided = multipliers.clone();
    for (int c = 0; c < divided.length; c++) {
      divided[c] /= count;
    }
    return new Requantization(mode, range, divided);
  }

  /** Returns the code of a sum. */
  public byte code(int sum, int channel) {
    int c = multipliers.length == 1 ? 0 : channel;
    return mode == RequantizationMode.FLOAT_SCALE
        ? range.code(sum * multipliers[c])
        : range.clamp((double) fixed[c].times(sum) + range.zeroPoint());
  }
}
