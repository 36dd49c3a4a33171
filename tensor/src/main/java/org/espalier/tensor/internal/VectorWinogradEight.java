package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Transforms tiles of kernels of five taps, with eight points along an axis: 0, 1, -1, 2, -2, 1/2,
 * -1/2 and infinity (Lavin and Gray 2016, section 4.3, have the method; matrices computed for F(4,
 * 5)).
 *
 * <p>A tile of two axes is two passes, over its columns and over the rows that these make, with an
 * array in between that stays in the L1 cache: sixteen times eight values are more than registers
 * hold, so the fusion of {@link VectorWinogradInput} would load each input several times.
 */
final class VectorWinogradEight {
  /** Points along an axis. */
  private static final int SIDE = 8;

  /** Distance of two rows of the array between two passes. */
  private static final int ROW = SIDE * LANES;

  private VectorWinogradEight() {}

  /** Transforms inputs to points, {@code Bᵀ·d·B}; see {@link VectorWinogradForm#input}. */
  static void input(
      boolean isLine,
      float[] tile,
      int from,
      int line,
      int column,
      float[] points,
      int to,
      int point,
      int channels,
      float[] half) {
    for (int block = 0; block < channels; block += LANES) {
      int c = Math.max(0, Math.min(block, channels - LANES));
      if (isLine) {
        inputs(tile, from + c, column, 0, points, to + c, point, 0, 1);
      } else {
        inputs(tile, from + c, line, column, half, 0, ROW, LANES, SIDE);
        inputs(half, 0, LANES, ROW, points, to + c, point, SIDE * point, SIDE);
      }
    }
  }

  private static void inputs(
      float[] from, int at, int tap, int line, float[] to, int toAt, int toTap, int toLine, int n) {
    FloatVector half = FloatVector.broadcast(FULL, 0.5f);
    FloatVector quarter = FloatVector.broadcast(FULL, 0.25f);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector wide = FloatVector.broadcast(FULL, 5.25f);
    FloatVector near = FloatVector.broadcast(FULL, -4.25f);
    FloatVector far = FloatVector.broadcast(FULL, -2.5f);
    FloatVector farEven = FloatVector.broadcast(FULL, -1.25f);
    FloatVector closeEven = FloatVector.broadcast(FULL, -5);
    for (int i = 0; i < n; i++) {
      int f = at + i * line;
      int t = toAt + i * toLine;
      FloatVector d1 = FloatVector.fromArray(FULL, from, f + tap);
      FloatVector d2 = FloatVector.fromArray(FULL, from, f + 2 * tap);
      FloatVector d3 = FloatVector.fromArray(FULL, from, f + 3 * tap);
      FloatVector d4 = FloatVector.fromArray(FULL, from, f + 4 * tap);
      FloatVector d5 = FloatVector.fromArray(FULL, from, f + 5 * tap);
      FloatVector d6 = FloatVector.fromArray(FULL, from, f + 6 * tap);
      FULL_TYPE
          .cast(FloatVector.fromArray(FULL, from, f).sub(d6).add(d4.sub(d2).mul(wide)))
          .intoArray(to, t);
      FloatVector even = d4.fma(near, d2.add(d6));
      FloatVector odd = d3.fma(near, d1.add(d5));
      FULL_TYPE.cast(even.add(odd)).intoArray(to, t + toTap);
      FULL_TYPE.cast(even.sub(odd)).intoArray(to, t + 2 * toTap);
      FloatVector evenFar = d2.fma(quarter, d4.fma(farEven, d6));
      FloatVector oddFar = d1.fma(half, d3.fma(far, d5.add(d5)));
      FULL_TYPE.cast(evenFar.add(oddFar)).intoArray(to, t + 3 * toTap);
      FULL_TYPE.cast(evenFar.sub(oddFar)).intoArray(to, t + 4 * toTap);
      FloatVector evenClose = d2.fma(four, d4.fma(closeEven, d6));
      FloatVector oddClose = d5.fma(half, d3.fma(far, d1.add(d1)));
      FULL_TYPE.cast(evenClose.add(oddClose)).intoArray(to, t + 5 * toTap);
      FULL_TYPE.cast(evenClose.sub(oddClose)).intoArray(to, t + 6 * toTap);
      FULL_TYPE
          .cast(FloatVector.fromArray(FULL, from, f + 7 * tap).sub(d1).add(d3.sub(d5).mul(wide)))
          .intoArray(to, t + 7 * toTap);
    }
  }

  /** Transforms products to outputs, {@code Aᵀ·m·A}; see {@link VectorWinogradForm#output}. */
  static void output(
      boolean isLine,
      float[] products,
      int from,
      int point,
      float[] tile,
      int to,
      int line,
      int column,
      int channels,
      float[] half) {
    for (int block = 0; block < channels; block += LANES) {
      int c = Math.min(block, channels - LANES);
      if (isLine) {
        outputs(products, from + c, point, 0, tile, to + c, column, 0, 1);
      } else {
        outputs(products, from + c, SIDE * point, point, half, 0, ROW, LANES, SIDE);
        outputs(half, 0, LANES, ROW, tile, to + c, column, line, VectorWinogradForm.WIDE);
      }
    }
  }

  private static void outputs(
      float[] from, int at, int tap, int line, float[] to, int toAt, int toTap, int toLine, int n) {
    FloatVector eighth = FloatVector.broadcast(FULL, 0.125f);
    FloatVector quarter = FloatVector.broadcast(FULL, 0.25f);
    FloatVector half = FloatVector.broadcast(FULL, 0.5f);
    FloatVector two = FloatVector.broadcast(FULL, 2);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector eight = FloatVector.broadcast(FULL, 8);
    for (int i = 0; i < n; i++) {
      int f = at + i * line;
      int t = toAt + i * toLine;
      FloatVector m1 = FloatVector.fromArray(FULL, from, f + tap);
      FloatVector m2 = FloatVector.fromArray(FULL, from, f + 2 * tap);
      FloatVector m3 = FloatVector.fromArray(FULL, from, f + 3 * tap);
      FloatVector m4 = FloatVector.fromArray(FULL, from, f + 4 * tap);
      FloatVector m5 = FloatVector.fromArray(FULL, from, f + 5 * tap);
      FloatVector m6 = FloatVector.fromArray(FULL, from, f + 6 * tap);
      FloatVector even = m1.add(m2);
      FloatVector evenFar = m3.add(m4);
      FloatVector evenClose = m5.add(m6);
      FULL_TYPE
          .cast(FloatVector.fromArray(FULL, from, f).add(even).add(evenFar.add(evenClose)))
          .intoArray(to, t);
      FULL_TYPE.cast(evenClose.fma(quarter, evenFar.fma(four, even))).intoArray(to, t + 2 * toTap);
      FloatVector odd = m1.sub(m2);
      FloatVector oddFar = m3.sub(m4);
      FloatVector oddClose = m5.sub(m6);
      FULL_TYPE.cast(oddClose.fma(half, oddFar.fma(two, odd))).intoArray(to, t + toTap);
      FULL_TYPE
          .cast(
              oddClose
                  .fma(eighth, oddFar.fma(eight, odd))
                  .add(FloatVector.fromArray(FULL, from, f + 7 * tap)))
          .intoArray(to, t + 3 * toTap);
    }
  }

  /**
   * Transforms gradients of outputs to points, {@code A·dy·Aᵀ}; see {@link
   * VectorWinogradForm#outputGradient}.
   */
  static void outputGradient(
      boolean isLine,
      float[] tile,
      int from,
      int line,
      int column,
      float[] points,
      int to,
      int point,
      int channels,
      float[] half) {
    for (int block = 0; block < channels; block += LANES) {
      int c = Math.max(0, Math.min(block, channels - LANES));
      if (isLine) {
        gradients(tile, from + c, column, 0, points, to + c, point, 0, 1);
      } else {
        gradients(tile, from + c, line, column, half, 0, ROW, LANES, VectorWinogradForm.WIDE);
        gradients(half, 0, LANES, ROW, points, to + c, point, SIDE * point, SIDE);
      }
    }
  }

  private static void gradients(
      float[] from, int at, int tap, int line, float[] to, int toAt, int toTap, int toLine, int n) {
    FloatVector eighth = FloatVector.broadcast(FULL, 0.125f);
    FloatVector quarter = FloatVector.broadcast(FULL, 0.25f);
    FloatVector half = FloatVector.broadcast(FULL, 0.5f);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector eight = FloatVector.broadcast(FULL, 8);
    for (int i = 0; i < n; i++) {
      int f = at + i * line;
      int t = toAt + i * toLine;
      FloatVector d0 = FloatVector.fromArray(FULL, from, f);
      FloatVector d1 = FloatVector.fromArray(FULL, from, f + tap);
      FloatVector d2 = FloatVector.fromArray(FULL, from, f + 2 * tap);
      FloatVector d3 = FloatVector.fromArray(FULL, from, f + 3 * tap);
      FULL_TYPE.cast(d0).intoArray(to, t);
      FloatVector even = d0.add(d2);
      FloatVector odd = d1.add(d3);
      FULL_TYPE.cast(even.add(odd)).intoArray(to, t + toTap);
      FULL_TYPE.cast(even.sub(odd)).intoArray(to, t + 2 * toTap);
      FloatVector evenFar = d2.fma(four, d0);
      FloatVector oddFar = d3.fma(eight, d1.add(d1));
      FULL_TYPE.cast(evenFar.add(oddFar)).intoArray(to, t + 3 * toTap);
      FULL_TYPE.cast(evenFar.sub(oddFar)).intoArray(to, t + 4 * toTap);
      FloatVector evenClose = d2.fma(quarter, d0);
      FloatVector oddClose = d3.fma(eighth, d1.mul(half));
      FULL_TYPE.cast(evenClose.add(oddClose)).intoArray(to, t + 5 * toTap);
      FULL_TYPE.cast(evenClose.sub(oddClose)).intoArray(to, t + 6 * toTap);
      FULL_TYPE.cast(d3).intoArray(to, t + 7 * toTap);
    }
  }
}
