package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;

import jdk.incubator.vector.FloatVector;

/**
 * Slides a depthwise kernel of 3x3 taps along the rows of images, one vector of channels at a time:
 * the nine weights and the sums that have begun stay in registers, so each input is loaded once for
 * all outputs of a row that read it.
 *
 * <p>Columns of stride 1: three loads and one store feed nine fused multiply-adds, which take the
 * nine cycles of their unit; a load that crosses a cache line takes two, so nothing waits. Stride 2
 * shares one of three columns only and is bound by its six loads. The sum of an output is one
 * chain, column after column. A row outside the image is read from a vector of zeros again and
 * again; a column outside is left out.
 */
final class VectorDepthwiseSlide implements VectorDepthwiseSweep.Kernel {
  private final WindowAxis rows;
  private final WindowAxis columns;
  private final float[] weights;
  private final float[] start;
  private final int width;

  /**
   * Makes the kernel.
   *
   * @param weights {@code [9, width]}
   * @param start what the sums start from, {@code [width]}
   * @param width channels, at least as many as lanes
   */
  VectorDepthwiseSlide(
      WindowAxis rows, WindowAxis columns, float[] weights, float[] start, int width) {
    this.rows = rows;
    this.columns = columns;
    this.weights = weights;
    this.start = start;
    this.width = width;
  }

  /** Tells whether this class does such a sweep: rows may have any stride, dilation and padding. */
  static boolean serves(WindowAxis rows, WindowAxis columns) {
    if (rows.taps() != 3 || columns.taps() != 3 || columns.dilation() != 1 || columns.pad() < 0) {
      return false;
    }
    int early = 2 - columns.pad();
    if (columns.stride() == 1) {
      int steps = steps(columns);
      return early >= 0 && steps >= early && columns.outputs() + early - steps <= 2;
    }
    return columns.stride() == 2 && early >= 1 && columns.outputs() - whole(columns) <= 1;
  }

  /** Returns the columns that some output reads, for stride 1. */
  private static int steps(WindowAxis columns) {
    return Math.min(columns.source(), columns.outputs() + 2 - columns.pad());
  }

  /** Returns the outputs whose last column is inside, for stride 2. */
  static int whole(WindowAxis columns) {
    return Math.min(columns.outputs(), (columns.source() + columns.pad() - 1) / 2);
  }

  @Override
  public void run(int first, int end, PixelPlane source, int channel, PixelPlane target) {
    if (columns.stride() == 1) {
      dense(first, end, source, channel, target);
    } else {
      strided(first, end, source, channel, target);
    }
  }

  private void dense(int first, int end, PixelPlane source, int channel, PixelPlane target) {
    FloatVector w00 = FloatVector.fromArray(FULL, weights, channel);
    FloatVector w01 = FloatVector.fromArray(FULL, weights, channel + width);
    FloatVector w02 = FloatVector.fromArray(FULL, weights, channel + 2 * width);
    FloatVector w10 = FloatVector.fromArray(FULL, weights, channel + 3 * width);
    FloatVector w11 = FloatVector.fromArray(FULL, weights, channel + 4 * width);
    FloatVector w12 = FloatVector.fromArray(FULL, weights, channel + 5 * width);
    FloatVector w20 = FloatVector.fromArray(FULL, weights, channel + 6 * width);
    FloatVector w21 = FloatVector.fromArray(FULL, weights, channel + 7 * width);
    FloatVector w22 = FloatVector.fromArray(FULL, weights, channel + 8 * width);
    FloatVector bias = FloatVector.fromArray(FULL, start, channel);
    float[] y = target.array();
    int step = target.step();
    int early = 2 - columns.pad();
    int steps = steps(columns);
    int left = columns.outputs() + early - steps;
    for (int row = first; row < end; row++) {
      int r0 = rows.sourceOf(row, 0);
      int r1 = r0 + rows.dilation();
      int r2 = r1 + rows.dilation();
      float[] x0 = source.rowArray(r0, rows.source());
      float[] x1 = source.rowArray(r1, rows.source());
      float[] x2 = source.rowArray(r2, rows.source());
      int p0 = source.rowStart(r0, rows.source(), channel);
      int p1 = source.rowStart(r1, rows.source(), channel);
      int p2 = source.rowStart(r2, rows.source(), channel);
      int d0 = source.rowStep(r0, rows.source());
      int d1 = source.rowStep(r1, rows.source());
      int d2 = source.rowStep(r2, rows.source());
      int begin = target.place(row, 0) + channel;
      int q = begin - early * step;
      FloatVector begun = bias;
      FloatVector half = bias;
      for (int column = 0; column < steps; column++) {
        FloatVector a0 = FloatVector.fromArray(FULL, x0, p0);
        FloatVector a1 = FloatVector.fromArray(FULL, x1, p1);
        FloatVector a2 = FloatVector.fromArray(FULL, x2, p2);
        FloatVector done = a2.fma(w22, a1.fma(w12, a0.fma(w02, half)));
        half = a2.fma(w21, a1.fma(w11, a0.fma(w01, begun)));
        begun = a2.fma(w20, a1.fma(w10, a0.fma(w00, bias)));
        // What lies left of the first output is written to its place, and then overwritten.
        FULL_TYPE.cast(done).intoArray(y, Math.max(q, begin));
        p0 += d0;
        p1 += d1;
        p2 += d2;
        q += step;
      }
      if (left >= 1) {
        FULL_TYPE.cast(half).intoArray(y, q);
      }
      if (left >= 2) {
        FULL_TYPE.cast(begun).intoArray(y, q + step);
      }
    }
  }

  private void strided(int first, int end, PixelPlane source, int channel, PixelPlane target) {
    FloatVector w00 = FloatVector.fromArray(FULL, weights, channel);
    FloatVector w01 = FloatVector.fromArray(FULL, weights, channel + width);
    FloatVector w02 = FloatVector.fromArray(FULL, weights, channel + 2 * width);
    FloatVector w10 = FloatVector.fromArray(FULL, weights, channel + 3 * width);
    FloatVector w11 = FloatVector.fromArray(FULL, weights, channel + 4 * width);
    FloatVector w12 = FloatVector.fromArray(FULL, weights, channel + 5 * width);
    FloatVector w20 = FloatVector.fromArray(FULL, weights, channel + 6 * width);
    FloatVector w21 = FloatVector.fromArray(FULL, weights, channel + 7 * width);
    FloatVector w22 = FloatVector.fromArray(FULL, weights, channel + 8 * width);
    FloatVector bias = FloatVector.fromArray(FULL, start, channel);
    float[] y = target.array();
    int whole = whole(columns);
    boolean left = columns.outputs() > whole;
    boolean middle = 2 * whole - columns.pad() + 1 < columns.source();
    for (int row = first; row < end; row++) {
      int r0 = rows.sourceOf(row, 0);
      int r1 = r0 + rows.dilation();
      int r2 = r1 + rows.dilation();
      float[] x0 = source.rowArray(r0, rows.source());
      float[] x1 = source.rowArray(r1, rows.source());
      float[] x2 = source.rowArray(r2, rows.source());
      int p0 = source.rowStart(r0, rows.source(), channel);
      int p1 = source.rowStart(r1, rows.source(), channel);
      int p2 = source.rowStart(r2, rows.source(), channel);
      int d0 = source.rowStep(r0, rows.source());
      int d1 = source.rowStep(r1, rows.source());
      int d2 = source.rowStep(r2, rows.source());
      int q = target.place(row, 0) + channel;
      FloatVector begun = bias;
      if (columns.pad() == 0) {
        FloatVector a0 = FloatVector.fromArray(FULL, x0, p0);
        FloatVector a1 = FloatVector.fromArray(FULL, x1, p1);
        FloatVector a2 = FloatVector.fromArray(FULL, x2, p2);
        begun = a2.fma(w20, a1.fma(w10, a0.fma(w00, bias)));
        p0 += d0;
        p1 += d1;
        p2 += d2;
      }
      for (int output = 0; output < whole; output++) {
        FloatVector a0 = FloatVector.fromArray(FULL, x0, p0);
        FloatVector a1 = FloatVector.fromArray(FULL, x1, p1);
        FloatVector a2 = FloatVector.fromArray(FULL, x2, p2);
        FloatVector b0 = FloatVector.fromArray(FULL, x0, p0 + d0);
        FloatVector b1 = FloatVector.fromArray(FULL, x1, p1 + d1);
        FloatVector b2 = FloatVector.fromArray(FULL, x2, p2 + d2);
        FloatVector half = a2.fma(w21, a1.fma(w11, a0.fma(w01, begun)));
        FloatVector done = b2.fma(w22, b1.fma(w12, b0.fma(w02, half)));
        begun = b2.fma(w20, b1.fma(w10, b0.fma(w00, bias)));
        FULL_TYPE.cast(done).intoArray(y, q);
        p0 += 2 * d0;
        p1 += 2 * d1;
        p2 += 2 * d2;
        q += target.step();
      }
      if (left && middle) {
        FloatVector a0 = FloatVector.fromArray(FULL, x0, p0);
        FloatVector a1 = FloatVector.fromArray(FULL, x1, p1);
        FloatVector a2 = FloatVector.fromArray(FULL, x2, p2);
        FULL_TYPE.cast(a2.fma(w21, a1.fma(w11, a0.fma(w01, begun)))).intoArray(y, q);
      } else if (left) {
        FULL_TYPE.cast(begun).intoArray(y, q);
      }
    }
  }
}
