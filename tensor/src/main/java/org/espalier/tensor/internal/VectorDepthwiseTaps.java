package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;

import jdk.incubator.vector.FloatVector;

/**
 * Sums any number of taps of a depthwise convolution over an input whose border of zeros makes all
 * pixels alike, one vector of channels at a time.
 *
 * <p>Four neighbouring outputs share the load of a tap's weight: five loads feed four fused
 * multiply-adds. The last four of a row overlap those before.
 */
final class VectorDepthwiseTaps implements VectorDepthwiseSweep.Kernel {
  /** Neighbouring outputs summed at once. */
  private static final int TOGETHER = 4;

  private final int outputs;
  private final int[] offsets;
  private final float[] weights;
  private final float[] start;
  private final int width;

  /**
   * Makes the kernel.
   *
   * @param outputs outputs of a row
   * @param offsets where each tap reads, see {@link VectorDepthwiseInput#offsets}
   * @param weights {@code [taps, width]}
   * @param start what the sums start from, {@code [width]}
   * @param width channels, at least as many as lanes
   */
  VectorDepthwiseTaps(int outputs, int[] offsets, float[] weights, float[] start, int width) {
    this.outputs = outputs;
    this.offsets = offsets;
    this.weights = weights;
    this.start = start;
    this.width = width;
  }

  @Override
  public void run(int first, int end, PixelPlane source, int channel, PixelPlane target) {
    float[] x = source.array();
    float[] y = target.array();
    for (int row = first; row < end; row++) {
      int from = source.place(row, 0) + channel;
      int to = target.place(row, 0) + channel;
      if (outputs < TOGETHER) {
        for (int i = 0; i < outputs; i++) {
          one(x, from + i * source.step(), channel, y, to + i * target.step());
        }
      } else {
        for (int i = 0; i < outputs; i += TOGETHER) {
          int output = Math.min(i, outputs - TOGETHER);
          int p = from + output * source.step();
          four(x, p, source.step(), channel, y, to + output * target.step(), target.step());
        }
      }
    }
  }

  private void four(float[] x, int from, int pixel, int channel, float[] y, int to, int step) {
    FloatVector s0 = FloatVector.fromArray(FULL, start, channel);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int weight = channel;
    for (int offset : offsets) {
      int p = from + offset;
      FloatVector w = FloatVector.fromArray(FULL, weights, weight);
      s0 = FloatVector.fromArray(FULL, x, p).fma(w, s0);
      s1 = FloatVector.fromArray(FULL, x, p + pixel).fma(w, s1);
      s2 = FloatVector.fromArray(FULL, x, p + 2 * pixel).fma(w, s2);
      s3 = FloatVector.fromArray(FULL, x, p + 3 * pixel).fma(w, s3);
      weight += width;
    }
    FULL_TYPE.cast(s0).intoArray(y, to);
    FULL_TYPE.cast(s1).intoArray(y, to + step);
    FULL_TYPE.cast(s2).intoArray(y, to + 2 * step);
    FULL_TYPE.cast(s3).intoArray(y, to + 3 * step);
  }

  private void one(float[] x, int from, int channel, float[] y, int to) {
    FloatVector s = FloatVector.fromArray(FULL, start, channel);
    int weight = channel;
    for (int offset : offsets) {
      FloatVector w = FloatVector.fromArray(FULL, weights, weight);
      s = FloatVector.fromArray(FULL, x, from + offset).fma(w, s);
      weight += width;
    }
    FULL_TYPE.cast(s).intoArray(y, to);
  }
}
