package org.espalier.tensor.internal;

import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.FixedPointMultiplier;
import org.espalier.tensor.kernel.Requantization;
import org.espalier.tensor.kernel.RequantizationMode;

/**
 * Is the rounding of rows of channels, laid out for loops that know no channels, and with a
 * shortcut: almost every code is known from one product of floats.
 *
 * <p>{@code (sum + bias) · multiplier} in floats is less than 5e-5 steps away from the true number
 * wherever that is not beyond all codes. So the nearest integer is the code unless the number lies
 * that close to the middle of two, which one in ten thousand does; those are rounded as defined, in
 * double precision. In fixed point the first of the two roundings moves the number by up to half a
 * unit of its own, which makes some more of them doubtful.
 *
 * @param period elements of the rows laid out, whole vectors
 * @param bias what is added to each sum
 * @param multiplier what the sum is multiplied by
 * @param certain up to which distance from the nearest integer it is certainly the code
 * @param channels elements of a row
 * @param start the bias of each channel, or null
 * @param exact the rounding as defined
 */
record RowRounding(
    int period,
    float[] bias,
    float[] multiplier,
    float[] certain,
    int channels,
    int[] start,
    Requantization exact) {
  /**
   * Adding 1.5·2^23 to a float rounds it to an integer, ties to even, which stands in its low bits
   * then. As integers, the bits of larger floats are larger, so what lies too far away is clamped
   * rightly too.
   */
  static final float ROUND = 0x1.8p23f;

  /** The bits of {@link #ROUND}. */
  static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);

  /** The same for doubles. */
  static final double ROUND_DOUBLE = 0x1.8p52;

  /** What three roundings to float move a number of 256 steps by, at most, and some more. */
  private static final double FLOAT_ERROR = 6e-5;

  /** Up to here every integer is a float. */
  private static final int EXACT = 1 << 24;

  /** The period is a multiple of so many elements: the floats of the widest vectors. */
  private static final int STEP = 16;

  /** Lays out a rounding. */
  static RowRounding of(int channels, Tensor bias, Requantization rounding) {
    int period = channels;
    while (period % STEP != 0) {
      period += channels;
    }
    int[] start = bias == null ? null : bias.i32();
    float[] biases = new float[period];
    float[] multipliers = new float[period];
    float[] certain = new float[period];
    for (int i = 0; i < period; i++) {
      int channel = i % channels;
      int first = start == null ? 0 : start[channel];
      biases[i] = first;
      multipliers[i] = (float) rounding.multiplier(channel);
      certain[i] = Math.abs((long) first) > EXACT ? -1 : (float) (0.5 - doubt(rounding, channel));
    }
    return new RowRounding(period, biases, multipliers, certain, channels, start, rounding);
  }

  private static double doubt(Requantization rounding, int channel) {
    if (rounding.mode() == RequantizationMode.FLOAT_SCALE) {
      return FLOAT_ERROR;
    }
    int shift = FixedPointMultiplier.of(rounding.multiplier(channel)).shift();
    return FLOAT_ERROR + (shift < 0 ? Math.scalb(0.5, shift) : 0);
  }

  /** Returns the bits that the lowest code's number of steps has behind {@link #ROUND}. */
  int lowBits() {
    return ROUND_BITS + exact.range().low() - exact.range().zeroPoint();
  }

  /** Returns the bits that the highest code's number of steps has behind {@link #ROUND}. */
  int highBits() {
    return ROUND_BITS + exact.range().high() - exact.range().zeroPoint();
  }

  /** Rounds one sum, element {@code i} of the period, as defined. */
  byte code(float sum, int i) {
    int channel = i % channels;
    return exact.code((int) sum + (start == null ? 0 : start[channel]), channel);
  }
}
