package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Sums the weight gradient of any number of taps over an input with a border of zeros, for one
 * vector of channels: four taps at a time share the load of the output's gradient. The last four
 * overlap those before; of fewer taps the last one is summed again.
 */
final class VectorDepthwiseTapsGradient {
  /** Taps summed at once. */
  private static final int TOGETHER = 4;

  private VectorDepthwiseTapsGradient() {}

  /**
   * Computes the sums over rows {@code first} to {@code end} of {@code outputs} columns, for the
   * lanes from {@code channel} on.
   *
   * @param offsets where each tap reads, see {@link VectorDepthwiseInput#offsets}
   * @param x the bordered input of those rows
   * @param dy gradient of the outputs
   * @param sums receives a vector a tap (modified)
   */
  static void sum(
      int[] offsets,
      int outputs,
      int first,
      int end,
      PixelPlane x,
      int channel,
      PixelPlane dy,
      float[] sums) {
    int[] taps = new int[TOGETHER];
    for (int t = 0; t < offsets.length; t += TOGETHER) {
      int from = Math.max(0, Math.min(t, offsets.length - TOGETHER));
      for (int k = 0; k < TOGETHER; k++) {
        taps[k] = Math.min(from + k, offsets.length - 1);
      }
      for (int row = first; row < end; row++) {
        four(offsets, taps, row > first, row, outputs, x, channel, dy, sums);
      }
    }
  }

  /** Adds one row of outputs. */
  private static void four(
      int[] offsets,
      int[] taps,
      boolean more,
      int row,
      int outputs,
      PixelPlane x,
      int channel,
      PixelPlane dy,
      float[] sums) {
    float[] input = x.array();
    float[] upstream = dy.array();
    FloatVector s0 = FloatVector.zero(FULL);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    if (more) {
      s0 = FloatVector.fromArray(FULL, sums, taps[0] * LANES);
      s1 = FloatVector.fromArray(FULL, sums, taps[1] * LANES);
      s2 = FloatVector.fromArray(FULL, sums, taps[2] * LANES);
      s3 = FloatVector.fromArray(FULL, sums, taps[3] * LANES);
    }
    int from = x.place(row, 0) + channel;
    int p0 = from + offsets[taps[0]];
    int p1 = from + offsets[taps[1]];
    int p2 = from + offsets[taps[2]];
    int p3 = from + offsets[taps[3]];
    int q = dy.place(row, 0) + channel;
    int move = 0;
    for (int i = 0; i < outputs; i++) {
      FloatVector d = FloatVector.fromArray(FULL, upstream, q);
      s0 = FloatVector.fromArray(FULL, input, p0 + move).fma(d, s0);
      s1 = FloatVector.fromArray(FULL, input, p1 + move).fma(d, s1);
      s2 = FloatVector.fromArray(FULL, input, p2 + move).fma(d, s2);
      s3 = FloatVector.fromArray(FULL, input, p3 + move).fma(d, s3);
      move += x.step();
      q += dy.step();
    }
    FULL_TYPE.cast(s0).intoArray(sums, taps[0] * LANES);
    FULL_TYPE.cast(s1).intoArray(sums, taps[1] * LANES);
    FULL_TYPE.cast(s2).intoArray(sums, taps[2] * LANES);
    FULL_TYPE.cast(s3).intoArray(sums, taps[3] * LANES);
  }
}
