package org.espalier.sparse.quant;

import java.util.Locale;
import org.espalier.nn.Spec;

/**
 * Is the integers that a value may become, and where its zero lies: what of an {@link
 * AffineQuantizer} is chosen before any value is seen (resource-efficiency survey, Q1).
 *
 * @param qmin the lowest code
 * @param qmax the highest code
 * @param scheme how the zero point is found
 */
public record QuantizationGrid(int qmin, int qmax, Scheme scheme) {
  /** The usual grid of activations: affine, 0 to 255. */
  public static final QuantizationGrid UINT8 = new QuantizationGrid(0, 255, Scheme.AFFINE);

  /** The usual grid of weights: symmetric, -127 to 127. */
  public static final QuantizationGrid INT8 = new QuantizationGrid(-127, 127, Scheme.SYMMETRIC);

  /** The least scale, so that an all-zero tensor has one. */
  static final float LEAST_SCALE = 1.1920929e-7f;

  private static final int MAX_BITS = 16;

  /** Creates the grid of 1 to 16 bits; a symmetric one needs {@code qmin < 0 < qmax}. */
  public QuantizationGrid {
    if (qmin >= qmax || (long) qmax - qmin >= 1L << MAX_BITS) {
      throw new IllegalArgumentException(
          "quantization: qmin must be below qmax and both within %d bits, got %d and %d"
              .formatted(MAX_BITS, qmin, qmax));
    }
    if (scheme == Scheme.SYMMETRIC && (qmin >= 0 || qmax <= 0)) {
      throw new IllegalArgumentException(
          "quantization: a symmetric grid needs qmin < 0 < qmax, got %d and %d; use an affine one"
              .formatted(qmin, qmax));
    }
  }

  /** Returns the affine grid {@code 0 .. 2^bits - 1}. */
  public static QuantizationGrid unsigned(int bits) {
    return new QuantizationGrid(0, (1 << checked(bits)) - 1, Scheme.AFFINE);
  }

  /** Returns the symmetric grid {@code -(2^(bits-1) - 1) .. 2^(bits-1) - 1}, of 2 bits or more. */
  public static QuantizationGrid signed(int bits) {
    int most = (1 << (checked(bits) - 1)) - 1;
    return new QuantizationGrid(-most, most, Scheme.SYMMETRIC);
  }

  private static int checked(int bits) {
    if (bits < 1 || bits > MAX_BITS) {
      throw new IllegalArgumentException(
          "quantization: bits must be 1 to %d, got %d".formatted(MAX_BITS, bits));
    }
    return bits;
  }

  static QuantizationGrid of(Spec spec) {
    return new QuantizationGrid(
        spec.integer("qmin"),
        spec.integer("qmax"),
        Scheme.valueOf(spec.text("scheme").toUpperCase(Locale.ROOT)));
  }

  Spec describe(Spec spec) {
    return spec.with("qmin", qmin)
        .with("qmax", qmax)
        .with("scheme", scheme.name().toLowerCase(Locale.ROOT));
  }

  /** Returns the number of bits that a code takes. */
  public int bits() {
    return Integer.SIZE - Integer.numberOfLeadingZeros(qmax - qmin);
  }

  /**
   * Returns the quantiser of a range, one for the whole tensor.
   *
   * <pre>
   * affine:     s = max((hi - lo)/(qmax - qmin), eps), z = clamp(qmin - round(lo/s), qmin, qmax)
   * symmetric:  s = max(max(-lo, hi)/((qmax - qmin)/2), eps), z = 0
   * </pre>
   *
   * <p>The range is first widened to contain 0; {@code eps = 1.1920929e-7}.
   */
  public AffineQuantizer quantizer(Range range) {
    return quantizer(new Range[] {range}, ChannelRuns.PER_TENSOR);
  }

  /** Returns the quantiser of one range for each index of an axis. */
  public AffineQuantizer quantizer(Range[] ranges, int axis) {
    float[] scales = new float[ranges.length];
    int[] zeroPoints = new int[ranges.length];
    for (int c = 0; c < ranges.length; c++) {
      Range range = ranges[c].withZero();
      scales[c] = scale(range);
      zeroPoints[c] = scheme == Scheme.SYMMETRIC ? 0 : zeroPoint(range.low(), scales[c]);
    }
    return new AffineQuantizer(scales, zeroPoints, axis, qmin, qmax);
  }

  private float scale(Range range) {
    float scale =
        scheme == Scheme.SYMMETRIC
            ? range.magnitude() / ((qmax - qmin) / 2f)
            : (range.high() - range.low()) / (qmax - qmin);
    return Math.max(scale, LEAST_SCALE);
  }

  private int zeroPoint(float low, float scale) {
    double zeroPoint = qmin - Math.rint(low / scale);
    return (int) Math.max(qmin, Math.min(qmax, zeroPoint));
  }
}
