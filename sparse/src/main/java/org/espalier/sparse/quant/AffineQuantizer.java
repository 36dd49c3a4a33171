package org.espalier.sparse.quant;

import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.parallel.Parallel;

/**
 * Maps real values to integer codes and back (resource-efficiency survey, Q1).
 *
 * <pre>
 * q = clamp(round(x/s) + z, qmin, qmax)     round to nearest, ties to even
 * y = (q - z)·s
 * </pre>
 *
 * <p>One scale s and zero point z for the whole tensor, or one pair for each index of an axis.
 * Immutable. Scales are float32, and so is the arithmetic on float32 tensors.
 */
public final class AffineQuantizer {
  /** The {@link #axis} of a quantiser with one scale for the whole tensor. */
  public static final int PER_TENSOR = ChannelRuns.PER_TENSOR;

  /** Adding and subtracting this rounds a float below 2^22 to the nearest integer, ties to even. */
  static final float ROUND = 3 << 22;

  private final float[] scales;
  private final int[] zeroPoints;
  private final int axis;
  private final int qmin;
  private final int qmax;

  /**
   * Creates a quantiser.
   *
   * @param scales one scale, or one for each index of the axis; above 0; copied
   * @param zeroPoints the code of real 0 of each scale, within {@code qmin .. qmax}; copied
   * @param axis the axis, counted from 0, or {@link #PER_TENSOR}
   * @param qmin the lowest code
   * @param qmax the highest code
   */
  public AffineQuantizer(float[] scales, int[] zeroPoints, int axis, int qmin, int qmax) {
    this.scales = scales.clone();
    this.zeroPoints = zeroPoints.clone();
    this.axis = axis;
    this.qmin = qmin;
    this.qmax = qmax;
    new QuantizationGrid(qmin, qmax, Scheme.AFFINE);
    check();
  }

  private void check() {
    if (axis < PER_TENSOR) {
      throw new IllegalArgumentException(
          "quantizer: an axis counts from 0, or is %d for one scale, got %d"
              .formatted(PER_TENSOR, axis));
    }
    if (scales.length != zeroPoints.length || (axis == PER_TENSOR && scales.length != 1)) {
      throw new IllegalArgumentException(
          "quantizer: got %d scales and %d zero points, expected %s"
              .formatted(
                  scales.length,
                  zeroPoints.length,
                  axis == PER_TENSOR ? "one of each" : "as many of both"));
    }
    for (int c = 0; c < scales.length; c++) {
      if (!(scales[c] > 0) || scales[c] == Float.POSITIVE_INFINITY) {
        throw new IllegalArgumentException(
            "quantizer: scale %d must be finite and above 0, got %s".formatted(c, scales[c]));
      }
      if (zeroPoints[c] < qmin || zeroPoints[c] > qmax) {
        throw new IllegalArgumentException(
            "quantizer: zero point %d must be within %d..%d, got %d"
                .formatted(c, qmin, qmax, zeroPoints[c]));
      }
    }
  }

  /** Returns a quantiser with one scale for the whole tensor. */
  public static AffineQuantizer perTensor(float scale, int zeroPoint, int qmin, int qmax) {
    return new AffineQuantizer(new float[] {scale}, new int[] {zeroPoint}, PER_TENSOR, qmin, qmax);
  }

  /** Returns the number of scales. */
  public int channels() {
    return scales.length;
  }

  /** Returns the scale of a channel; channel 0 is that of the whole tensor. */
  public float scale(int channel) {
    return scales[channel];
  }

  /** Returns the zero point of a channel; channel 0 is that of the whole tensor. */
  public int zeroPoint(int channel) {
    return zeroPoints[channel];
  }

  /** Returns the axis that the scales belong to, or {@link #PER_TENSOR}. */
  public int axis() {
    return axis;
  }

  /** Returns the lowest code. */
  public int qmin() {
    return qmin;
  }

  /** Returns the highest code. */
  public int qmax() {
    return qmax;
  }

  private ChannelRuns runs(Tensor x) {
    ChannelRuns runs = ChannelRuns.of(x.shape(), axis);
    if (runs.channels() != scales.length) {
      throw new IllegalArgumentException(
          "quantizer: %d scales do not fit axis %d of %s"
              .formatted(scales.length, axis, x.shape()));
    }
    return runs;
  }

  /** Returns the codes of a tensor, I32 of its shape. */
  public Tensor quantize(Tensor x) {
    Tensor codes = Tensor.zeros(DType.I32, x.shape());
    runs(x)
        .forEach(
            (channel, from, end) -> {
              for (int i = from; i < end; i++) {
                codes.set(i, code(channel, x.get(i), x.dtype() == DType.F64));
              }
            });
    return codes;
  }

  private double code(int channel, double x, boolean wide) {
    double steps = wide ? x / scales[channel] : (float) x / scales[channel];
    return Math.max(qmin, Math.min(qmax, Math.rint(steps) + zeroPoints[channel]));
  }

  /** Returns the values of codes, float32 of their shape. */
  public Tensor dequantize(Tensor codes) {
    Tensor y = Tensor.zeros(DType.F32, codes.shape());
    runs(codes)
        .forEach(
            (channel, from, end) -> {
              for (int i = from; i < end; i++) {
                y.f32()[i] = ((float) codes.get(i) - zeroPoints[channel]) * scales[channel];
              }
            });
    return y;
  }

  /** Returns the values that are left of a tensor: quantised and back. */
  public Tensor fakeQuantize(Tensor x) {
    Tensor y = Tensor.zeros(x.dtype(), x.shape());
    fakeQuantize(x, y);
    return y;
  }

  /** Writes the values that are left of a tensor to another one of its shape. */
  void fakeQuantize(Tensor x, Tensor y) {
    forEachPart(x, (channel, from, end) -> fakeQuantize(x, y, channel, from, end));
  }

  private void fakeQuantize(Tensor x, Tensor y, int channel, int first, int end) {
    float scale = scales[channel];
    float low = qmin - zeroPoints[channel];
    float high = qmax - zeroPoints[channel];
    if (x.dtype() == DType.F64) {
      for (int i = first; i < end; i++) {
        y.set(i, Math.max(low, Math.min(high, Math.rint(x.get(i) / scale))) * scale);
      }
      return;
    }
    float[] from = x.f32();
    float[] to = y.f32();
    for (int i = first; i < end; i++) {
      float steps = Math.max(low, Math.min(high, from[i] / scale));
      to[i] = (steps + ROUND - ROUND) * scale;
    }
  }

  /**
   * Returns the straight-through gradient: {@code dx = dy} where {@code round(x/s) + z} lies within
   * {@code qmin .. qmax}, else 0.
   */
  public Tensor gradient(Tensor x, Tensor dy) {
    Tensor dx = Tensor.zeros(x.dtype(), x.shape());
    gradient(x, dy, dx);
    return dx;
  }

  /**
   * Writes the straight-through gradient: {@code dx = dy} where {@code round(x/s) + z} lies within
   * {@code qmin .. qmax}, else 0.
   */
  void gradient(Tensor x, Tensor dy, Tensor dx) {
    forEachPart(x, (channel, from, end) -> gradient(x, dy, dx, channel, from, end));
  }

  private void gradient(Tensor x, Tensor dy, Tensor dx, int channel, int first, int end) {
    float scale = scales[channel];
    float low = qmin - zeroPoints[channel];
    float high = qmax - zeroPoints[channel];
    if (x.dtype() == DType.F64) {
      for (int i = first; i < end; i++) {
        double steps = Math.rint(x.get(i) / scale);
        dx.set(i, steps >= low && steps <= high ? dy.get(i) : 0);
      }
      return;
    }
    float[] from = x.f32();
    float[] upstream = dy.f32();
    float[] to = dx.f32();
    for (int i = first; i < end; i++) {
      // Beyond 2^22 this does not round, but such a number is far outside the codes either way.
      float steps = from[i] / scale + ROUND - ROUND;
      to[i] = steps >= low && steps <= high ? upstream[i] : 0;
    }
  }

  /** Visits runs; a single one in parts, on several threads where it is long. */
  private void forEachPart(Tensor x, ChannelRuns.Visitor visitor) {
    ChannelRuns runs = runs(x);
    if (runs.runs() == 1) {
      Parallel.range(x.count(), Parallel.GRAIN, (from, end) -> visitor.visit(0, from, end));
    } else {
      runs.forEach(visitor);
    }
  }
}
