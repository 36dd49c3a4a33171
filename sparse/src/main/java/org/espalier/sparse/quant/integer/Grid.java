package org.espalier.sparse.quant.integer;

import java.util.List;
import org.espalier.nn.Spec;
import org.espalier.sparse.quant.AffineQuantizer;
import org.espalier.tensor.kernel.CodeRange;

/**
 * Says what the codes of a value mean: {@code x = (q - zeroPoint) · scale}.
 *
 * @param scale the step between two codes
 * @param range the codes; unsigned ones are held 128 lower, see {@link CodeRange}
 */
public record Grid(float scale, CodeRange range) {
  private static final int SHIFT = 128;

  /** Adding this rounds a float to an integer, ties to even, which stands in its low bits then. */
  private static final float ROUND = 0x1.8p23f;

  /** Creates the grid; the scale must be positive. */
  public Grid {
    if (!(scale > 0) || Float.isInfinite(scale)) {
      throw new IllegalArgumentException("grid: the scale must be positive, got " + scale);
    }
  }

  /**
   * Returns the grid of a quantiser with one scale.
   *
   * @param name what is quantised, for messages
   */
  static Grid of(String name, AffineQuantizer quantizer) {
    int shift = shift(quantizer.qmax());
    boolean fits = quantizer.qmin() - shift >= CodeRange.LOWEST;
    if (quantizer.axis() != AffineQuantizer.PER_TENSOR || !fits || quantizer.qmax() > 255) {
      throw new IllegalArgumentException(
          "%s: an integer model needs one scale and codes of 8 bits, got axis %d and codes %d to %d"
              .formatted(name, quantizer.axis(), quantizer.qmin(), quantizer.qmax()));
    }
    return new Grid(
        quantizer.scale(0),
        new CodeRange(
            quantizer.zeroPoint(0) - shift, quantizer.qmin() - shift, quantizer.qmax() - shift));
  }

  private static int shift(int qmax) {
    return qmax > CodeRange.HIGHEST ? SHIFT : 0;
  }

  /** Returns the code of 0. */
  public int zeroPoint() {
    return range.zeroPoint();
  }

  /** Returns this grid with codes below and above some values left out. */
  Grid clamped(double low, double high) {
    int least = Math.max(range.low(), bound(low));
    int most = Math.min(range.high(), bound(high));
    return new Grid(scale, new CodeRange(zeroPoint(), Math.min(least, most), most));
  }

  private int bound(double value) {
    double code = zeroPoint() + Math.rint(value / scale);
    return (int) Math.max(CodeRange.LOWEST, Math.min(CodeRange.HIGHEST, code));
  }

  /** Returns the code of a value, divided in float as the fake-quantising pass does. */
  byte code(float value) {
    return range.code(value / scale);
  }

  /**
   * Computes the {@link #code}s of the values {@code from} to {@code to}.
   *
   * @throws IllegalArgumentException if one of them is NaN, which no code stands for
   */
  void codes(float[] values, byte[] codes, int from, int to) {
    float low = range.low() - zeroPoint();
    float high = range.high() - zeroPoint();
    for (int i = from; i < to; i++) {
      float steps = Math.max(low, Math.min(high, values[i] / scale));
      if (steps != steps) {
        throw new IllegalArgumentException(
            "integer model: element " + i + " of the input is NaN, which no code stands for");
      }
      codes[i] = (byte) (Float.floatToRawIntBits(steps + ROUND) + zeroPoint());
    }
  }

  /** Returns the value of a code. */
  float value(int code) {
    return (code - zeroPoint()) * scale;
  }

  /** Tells whether equal codes mean equal values on another grid. */
  boolean means(Grid other) {
    return scale == other.scale && zeroPoint() == other.zeroPoint();
  }

  Spec describe(Spec spec, String name) {
    return spec.with(
        name, List.of((double) scale, (long) zeroPoint(), (long) range.low(), (long) range.high()));
  }

  static Grid of(Spec spec, String name) {
    if (!(spec.options().get(name) instanceof List<?> list) || list.size() != 4) {
      throw new IllegalArgumentException(
          "%s: option '%s' must hold scale, zero point, low and high, got %s"
              .formatted(spec.type(), name, spec.options().get(name)));
    }
    int[] codes = list.stream().skip(1).mapToInt(Grid::whole).toArray();
    return new Grid(
        ((Number) list.get(0)).floatValue(), new CodeRange(codes[0], codes[1], codes[2]));
  }

  private static int whole(Object number) {
    return ((Number) number).intValue();
  }
}
