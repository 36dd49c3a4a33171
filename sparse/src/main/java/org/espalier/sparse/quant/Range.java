package org.espalier.sparse.quant;

import org.espalier.tensor.DType;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Is the interval in which the values of a tensor lie.
 *
 * @param low the smallest value
 * @param high the largest value, at least low
 */
public record Range(float low, float high) {
  /** Creates the range; both ends must be finite and in order. */
  public Range {
    if (!Float.isFinite(low) || !Float.isFinite(high) || low > high) {
      throw new IllegalArgumentException(
          "range: low and high must be finite and in order, got [%s, %s]".formatted(low, high));
    }
  }

  /** Returns {@code [-threshold, threshold]}. */
  public static Range symmetric(double threshold) {
    return new Range((float) -threshold, (float) threshold);
  }

  /**
   * Returns the range of a tensor's values, {@code [0, 0]} of an empty one.
   *
   * @param name the tensor's name for messages; NaN and infinities are refused
   */
  public static Range of(String name, Tensor x) {
    return of(name, x, 0, x.count());
  }

  /** Returns the range of each index of an axis. */
  public static Range[] perChannel(String name, Tensor x, int axis) {
    ChannelRuns runs = ChannelRuns.of(x.shape(), axis);
    Range[] ranges = new Range[runs.channels()];
    runs.forEach(
        (channel, from, end) -> {
          Range run = of(name, x, from, end);
          ranges[channel] = ranges[channel] == null ? run : ranges[channel].union(run);
        });
    return ranges;
  }

  private static Range of(String name, Tensor x, int from, int end) {
    if (from == end) {
      return new Range(0, 0);
    }
    double[] ends = x.dtype() == DType.F32 ? ends(x.f32(), from, end) : ends(x, from, end);
    for (double value : ends) {
      if (!Double.isFinite(value)) {
        throw notFinite(name, value);
      }
    }
    return new Range((float) ends[0], (float) ends[1]);
  }

  /** Minimum and maximum hand NaN on, so looking at the ends is enough. */
  private static double[] ends(Tensor x, int from, int end) {
    double low = x.get(from);
    double high = low;
    for (int i = from; i < end; i++) {
      low = Math.min(low, x.get(i));
      high = Math.max(high, x.get(i));
    }
    return new double[] {low, high};
  }

  private static double[] ends(float[] x, int from, int end) {
    float low = x[from];
    float low1 = low;
    float high = low;
    float high1 = low;
    int i = from;
    for (; i + 1 < end; i += 2) {
      low = Math.min(low, x[i]);
      low1 = Math.min(low1, x[i + 1]);
      high = Math.max(high, x[i]);
      high1 = Math.max(high1, x[i + 1]);
    }
    for (; i < end; i++) {
      low = Math.min(low, x[i]);
      high = Math.max(high, x[i]);
    }
    return new double[] {Math.min(low, low1), Math.max(high, high1)};
  }

  static StateException notFinite(String name, double value) {
    return new StateException(
        "quantization: a value of '%s' is %s; a range needs finite values".formatted(name, value));
  }

  /** Returns the smallest range that holds this and another one. */
  public Range union(Range other) {
    return new Range(Math.min(low, other.low), Math.max(high, other.high));
  }

  /** Returns the smallest range that holds this one and 0. */
  public Range withZero() {
    return new Range(Math.min(low, 0), Math.max(high, 0));
  }

  /** Returns the largest magnitude. */
  public float magnitude() {
    return Math.max(-low, high);
  }
}
