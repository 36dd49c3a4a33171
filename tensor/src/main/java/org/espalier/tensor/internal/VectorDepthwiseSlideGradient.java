package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Sums the weight gradient of a depthwise 3x3 convolution along rows of outputs, for one vector of
 * channels: its nine sums stay in registers for a whole row; JDK 17 would box them across two
 * loops.
 *
 * <p>Columns of stride 1: three inputs and one gradient are loaded for nine fused multiply-adds,
 * the gradients of the two outputs before stay in registers. Stride 2: of the three columns of
 * inputs one stays.
 */
final class VectorDepthwiseSlideGradient {
  private VectorDepthwiseSlideGradient() {}

  /** Tells whether this class does such a convolution. */
  static boolean serves(WindowAxis rows, WindowAxis columns) {
    return VectorDepthwiseSlide.serves(rows, columns) && columns.outputs() >= columns.pad();
  }

  /**
   * Computes the sums over rows {@code first} to {@code end} of outputs, for the lanes from {@code
   * channel} on.
   *
   * @param sums receives a vector a tap (modified)
   */
  static void sum(
      WindowAxis rows,
      WindowAxis columns,
      int first,
      int end,
      PixelPlane x,
      int channel,
      PixelPlane dy,
      float[] sums) {
    Arrays.fill(sums, 0, 9 * LANES, 0);
    for (int row = first; row < end; row++) {
      if (columns.stride() == 1) {
        dense(rows, columns, row, x, channel, dy, sums);
      } else {
        strided(rows, columns, row, x, channel, dy, sums);
      }
    }
  }

  private static void dense(
      WindowAxis rows,
      WindowAxis columns,
      int row,
      PixelPlane x,
      int channel,
      PixelPlane dy,
      float[] sums) {
    float[] upstream = dy.array();
    int step = dy.step();
    int pad = columns.pad();
    int whole = Math.min(columns.source(), columns.outputs() - pad);
    int behind = Math.min(columns.source(), columns.outputs() - pad + 2) - whole;
    FloatVector s00 = FloatVector.fromArray(FULL, sums, 0);
    FloatVector s01 = FloatVector.fromArray(FULL, sums, LANES);
    FloatVector s02 = FloatVector.fromArray(FULL, sums, 2 * LANES);
    FloatVector s10 = FloatVector.fromArray(FULL, sums, 3 * LANES);
    FloatVector s11 = FloatVector.fromArray(FULL, sums, 4 * LANES);
    FloatVector s12 = FloatVector.fromArray(FULL, sums, 5 * LANES);
    FloatVector s20 = FloatVector.fromArray(FULL, sums, 6 * LANES);
    FloatVector s21 = FloatVector.fromArray(FULL, sums, 7 * LANES);
    FloatVector s22 = FloatVector.fromArray(FULL, sums, 8 * LANES);
    int r0 = rows.sourceOf(row, 0);
    int r1 = r0 + rows.dilation();
    int r2 = r1 + rows.dilation();
    float[] x0 = x.rowArray(r0, rows.source());
    float[] x1 = x.rowArray(r1, rows.source());
    float[] x2 = x.rowArray(r2, rows.source());
    int p0 = x.rowStart(r0, rows.source(), channel);
    int p1 = x.rowStart(r1, rows.source(), channel);
    int p2 = x.rowStart(r2, rows.source(), channel);
    int d0 = x.rowStep(r0, rows.source());
    int d1 = x.rowStep(r1, rows.source());
    int d2 = x.rowStep(r2, rows.source());
    int q = dy.place(row, 0) + channel;
    FloatVector one = FloatVector.zero(FULL);
    FloatVector two = FloatVector.zero(FULL);
    if (pad >= 1) {
      one = FloatVector.fromArray(FULL, upstream, q + (pad - 1) * step);
    }
    if (pad >= 2) {
      two = FloatVector.fromArray(FULL, upstream, q);
    }
    q += pad * step;
    for (int column = 0; column < whole; column++) {
      FloatVector d = FloatVector.fromArray(FULL, upstream, q);
      FloatVector a0 = FloatVector.fromArray(FULL, x0, p0);
      s00 = a0.fma(d, s00);
      s01 = a0.fma(one, s01);
      s02 = a0.fma(two, s02);
      FloatVector a1 = FloatVector.fromArray(FULL, x1, p1);
      s10 = a1.fma(d, s10);
      s11 = a1.fma(one, s11);
      s12 = a1.fma(two, s12);
      FloatVector a2 = FloatVector.fromArray(FULL, x2, p2);
      s20 = a2.fma(d, s20);
      s21 = a2.fma(one, s21);
      s22 = a2.fma(two, s22);
      two = one;
      one = d;
      q += step;
      p0 += d0;
      p1 += d1;
      p2 += d2;
    }
    if (behind >= 1) {
      FloatVector a0 = FloatVector.fromArray(FULL, x0, p0);
      s01 = a0.fma(one, s01);
      s02 = a0.fma(two, s02);
      FloatVector a1 = FloatVector.fromArray(FULL, x1, p1);
      s11 = a1.fma(one, s11);
      s12 = a1.fma(two, s12);
      FloatVector a2 = FloatVector.fromArray(FULL, x2, p2);
      s21 = a2.fma(one, s21);
      s22 = a2.fma(two, s22);
    }
    if (behind >= 2) {
      s02 = FloatVector.fromArray(FULL, x0, p0 + d0).fma(one, s02);
      s12 = FloatVector.fromArray(FULL, x1, p1 + d1).fma(one, s12);
      s22 = FloatVector.fromArray(FULL, x2, p2 + d2).fma(one, s22);
    }
    FULL_TYPE.cast(s00).intoArray(sums, 0);
    FULL_TYPE.cast(s01).intoArray(sums, LANES);
    FULL_TYPE.cast(s02).intoArray(sums, 2 * LANES);
    FULL_TYPE.cast(s10).intoArray(sums, 3 * LANES);
    FULL_TYPE.cast(s11).intoArray(sums, 4 * LANES);
    FULL_TYPE.cast(s12).intoArray(sums, 5 * LANES);
    FULL_TYPE.cast(s20).intoArray(sums, 6 * LANES);
    FULL_TYPE.cast(s21).intoArray(sums, 7 * LANES);
    FULL_TYPE.cast(s22).intoArray(sums, 8 * LANES);
  }

  private static void strided(
      WindowAxis rows,
      WindowAxis columns,
      int row,
      PixelPlane x,
      int channel,
      PixelPlane dy,
      float[] sums) {
    float[] upstream = dy.array();
    int whole = VectorDepthwiseSlide.whole(columns);
    boolean left = columns.outputs() > whole;
    boolean middle = 2 * whole - columns.pad() + 1 < columns.source();
    FloatVector s00 = FloatVector.fromArray(FULL, sums, 0);
    FloatVector s01 = FloatVector.fromArray(FULL, sums, LANES);
    FloatVector s02 = FloatVector.fromArray(FULL, sums, 2 * LANES);
    FloatVector s10 = FloatVector.fromArray(FULL, sums, 3 * LANES);
    FloatVector s11 = FloatVector.fromArray(FULL, sums, 4 * LANES);
    FloatVector s12 = FloatVector.fromArray(FULL, sums, 5 * LANES);
    FloatVector s20 = FloatVector.fromArray(FULL, sums, 6 * LANES);
    FloatVector s21 = FloatVector.fromArray(FULL, sums, 7 * LANES);
    FloatVector s22 = FloatVector.fromArray(FULL, sums, 8 * LANES);
    int r0 = rows.sourceOf(row, 0);
    int r1 = r0 + rows.dilation();
    int r2 = r1 + rows.dilation();
    float[] x0 = x.rowArray(r0, rows.source());
    float[] x1 = x.rowArray(r1, rows.source());
    float[] x2 = x.rowArray(r2, rows.source());
    int p0 = x.rowStart(r0, rows.source(), channel);
    int p1 = x.rowStart(r1, rows.source(), channel);
    int p2 = x.rowStart(r2, rows.source(), channel);
    int d0 = x.rowStep(r0, rows.source());
    int d1 = x.rowStep(r1, rows.source());
    int d2 = x.rowStep(r2, rows.source());
    int q = dy.place(row, 0) + channel;
    FloatVector a0 = FloatVector.zero(FULL);
    FloatVector a1 = FloatVector.zero(FULL);
    FloatVector a2 = FloatVector.zero(FULL);
    if (columns.pad() == 0) {
      a0 = FloatVector.fromArray(FULL, x0, p0);
      a1 = FloatVector.fromArray(FULL, x1, p1);
      a2 = FloatVector.fromArray(FULL, x2, p2);
      p0 += d0;
      p1 += d1;
      p2 += d2;
    }
    for (int output = 0; output < whole; output++) {
      FloatVector d = FloatVector.fromArray(FULL, upstream, q);
      s00 = a0.fma(d, s00);
      s10 = a1.fma(d, s10);
      s20 = a2.fma(d, s20);
      s01 = FloatVector.fromArray(FULL, x0, p0).fma(d, s01);
      s11 = FloatVector.fromArray(FULL, x1, p1).fma(d, s11);
      s21 = FloatVector.fromArray(FULL, x2, p2).fma(d, s21);
      a0 = FloatVector.fromArray(FULL, x0, p0 + d0);
      a1 = FloatVector.fromArray(FULL, x1, p1 + d1);
      a2 = FloatVector.fromArray(FULL, x2, p2 + d2);
      s02 = a0.fma(d, s02);
      s12 = a1.fma(d, s12);
      s22 = a2.fma(d, s22);
      q += dy.step();
      p0 += 2 * d0;
      p1 += 2 * d1;
      p2 += 2 * d2;
    }
    if (left) {
      FloatVector d = FloatVector.fromArray(FULL, upstream, q);
      s00 = a0.fma(d, s00);
      s10 = a1.fma(d, s10);
      s20 = a2.fma(d, s20);
      if (middle) {
        s01 = FloatVector.fromArray(FULL, x0, p0).fma(d, s01);
        s11 = FloatVector.fromArray(FULL, x1, p1).fma(d, s11);
        s21 = FloatVector.fromArray(FULL, x2, p2).fma(d, s21);
      }
    }
    FULL_TYPE.cast(s00).intoArray(sums, 0);
    FULL_TYPE.cast(s01).intoArray(sums, LANES);
    FULL_TYPE.cast(s02).intoArray(sums, 2 * LANES);
    FULL_TYPE.cast(s10).intoArray(sums, 3 * LANES);
    FULL_TYPE.cast(s11).intoArray(sums, 4 * LANES);
    FULL_TYPE.cast(s12).intoArray(sums, 5 * LANES);
    FULL_TYPE.cast(s20).intoArray(sums, 6 * LANES);
    FULL_TYPE.cast(s21).intoArray(sums, 7 * LANES);
    FULL_TYPE.cast(s22).intoArray(sums, 8 * LANES);
  }
}
