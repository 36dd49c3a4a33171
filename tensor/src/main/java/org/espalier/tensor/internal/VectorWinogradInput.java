package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Transforms tiles of six by six inputs to the 36 points of Winograd's F(4x4, 3x3), {@code Bᵀ·d·B},
 * with the interpolation points 0, 1, -1, 2, -2 and infinity (Lavin and Gray 2016, section 4.2).
 *
 * <p>One or two of the six rows of {@code Bᵀ·d} are made at a time and go through the transform of
 * the columns at once: twelve vectors that never leave the registers. An array for all 36 in
 * between would cost more in stores and loads than the arithmetic. The transform of a row is
 * written out wherever it is needed: a method of its own is beyond what the compiler inlines here,
 * and vectors that cross a call are boxed.
 */
final class VectorWinogradInput {
  private VectorWinogradInput() {}

  /**
   * Transforms one tile, vectorised over channels. The last vector overlaps the one before where
   * the channels do not fill it; fewer channels than lanes are read, and written, with what lies
   * behind them.
   *
   * @param line distance of two rows of the tile
   * @param column distance of two columns
   * @param points receives point (i, j) at {@code to + (6 · i + j) · point} (modified)
   * @param point distance of two points
   */
  static void transform(
      float[] tile,
      int from,
      int line,
      int column,
      float[] points,
      int to,
      int point,
      int channels) {
    for (int block = 0; block < channels; block += LANES) {
      int c = Math.max(0, Math.min(block, channels - LANES));
      outerRow(tile, from + c, line, column, points, to + c, point);
      innerRows(tile, from + c, line, column, -4, 1, points, to + c + 6 * point, point);
      innerRows(tile, from + c, line, column, -1, 2, points, to + c + 18 * point, point);
      outerRow(tile, from + c + line, line, column, points, to + c + 30 * point, point);
    }
  }

  /** Makes the first row, {@code 4·d0 - 5·d2 + d4}; from one line further down, the last. */
  private static void outerRow(
      float[] tile, int from, int line, int column, float[] points, int to, int point) {
    FloatVector two = FloatVector.broadcast(FULL, 2);
    FloatVector minusTwo = FloatVector.broadcast(FULL, -2);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector minusFour = FloatVector.broadcast(FULL, -4);
    FloatVector minusFive = FloatVector.broadcast(FULL, -5);
    int second = from + 2 * line;
    int fourth = from + 4 * line;
    FloatVector r0 =
        FloatVector.fromArray(FULL, tile, second)
            .fma(minusFive, FloatVector.fromArray(FULL, tile, fourth));
    r0 = FloatVector.fromArray(FULL, tile, from).fma(four, r0);
    FloatVector r1 =
        FloatVector.fromArray(FULL, tile, second + column)
            .fma(minusFive, FloatVector.fromArray(FULL, tile, fourth + column));
    r1 = FloatVector.fromArray(FULL, tile, from + column).fma(four, r1);
    FloatVector r2 =
        FloatVector.fromArray(FULL, tile, second + 2 * column)
            .fma(minusFive, FloatVector.fromArray(FULL, tile, fourth + 2 * column));
    r2 = FloatVector.fromArray(FULL, tile, from + 2 * column).fma(four, r2);
    FloatVector r3 =
        FloatVector.fromArray(FULL, tile, second + 3 * column)
            .fma(minusFive, FloatVector.fromArray(FULL, tile, fourth + 3 * column));
    r3 = FloatVector.fromArray(FULL, tile, from + 3 * column).fma(four, r3);
    FloatVector r4 =
        FloatVector.fromArray(FULL, tile, second + 4 * column)
            .fma(minusFive, FloatVector.fromArray(FULL, tile, fourth + 4 * column));
    r4 = FloatVector.fromArray(FULL, tile, from + 4 * column).fma(four, r4);
    FloatVector r5 =
        FloatVector.fromArray(FULL, tile, second + 5 * column)
            .fma(minusFive, FloatVector.fromArray(FULL, tile, fourth + 5 * column));
    r5 = FloatVector.fromArray(FULL, tile, from + 5 * column).fma(four, r5);
    FloatVector rEven = r2.fma(minusFour, r4);
    FloatVector rOdd = r1.fma(minusFour, r3);
    FloatVector rSum = r4.sub(r2);
    FloatVector rDifference = r3.sub(r1);
    FULL_TYPE.cast(r0.fma(four, r2.fma(minusFive, r4))).intoArray(points, to);
    FULL_TYPE.cast(rEven.add(rOdd)).intoArray(points, to + point);
    FULL_TYPE.cast(rEven.sub(rOdd)).intoArray(points, to + 2 * point);
    FULL_TYPE.cast(rDifference.fma(two, rSum)).intoArray(points, to + 3 * point);
    FULL_TYPE.cast(rDifference.fma(minusTwo, rSum)).intoArray(points, to + 4 * point);
    FULL_TYPE.cast(r1.fma(four, r3.fma(minusFive, r5))).intoArray(points, to + 5 * point);
  }

  /** Makes two rows, {@code (d4 + a·d2) ± b·(d3 + a·d1)}. */
  private static void innerRows(
      float[] tile,
      int from,
      int line,
      int column,
      float a,
      float b,
      float[] points,
      int to,
      int point) {
    FloatVector two = FloatVector.broadcast(FULL, 2);
    FloatVector minusTwo = FloatVector.broadcast(FULL, -2);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector minusFour = FloatVector.broadcast(FULL, -4);
    FloatVector minusFive = FloatVector.broadcast(FULL, -5);
    FloatVector inner = FloatVector.broadcast(FULL, a);
    FloatVector share = FloatVector.broadcast(FULL, b);
    FloatVector opposite = FloatVector.broadcast(FULL, -b);
    int first = from + line;
    int second = from + 2 * line;
    int third = from + 3 * line;
    int fourth = from + 4 * line;
    FloatVector even0 =
        FloatVector.fromArray(FULL, tile, second)
            .fma(inner, FloatVector.fromArray(FULL, tile, fourth));
    FloatVector odd0 =
        FloatVector.fromArray(FULL, tile, first)
            .fma(inner, FloatVector.fromArray(FULL, tile, third));
    FloatVector p0 = odd0.fma(share, even0);
    FloatVector q0 = odd0.fma(opposite, even0);
    FloatVector even1 =
        FloatVector.fromArray(FULL, tile, second + column)
            .fma(inner, FloatVector.fromArray(FULL, tile, fourth + column));
    FloatVector odd1 =
        FloatVector.fromArray(FULL, tile, first + column)
            .fma(inner, FloatVector.fromArray(FULL, tile, third + column));
    FloatVector p1 = odd1.fma(share, even1);
    FloatVector q1 = odd1.fma(opposite, even1);
    FloatVector even2 =
        FloatVector.fromArray(FULL, tile, second + 2 * column)
            .fma(inner, FloatVector.fromArray(FULL, tile, fourth + 2 * column));
    FloatVector odd2 =
        FloatVector.fromArray(FULL, tile, first + 2 * column)
            .fma(inner, FloatVector.fromArray(FULL, tile, third + 2 * column));
    FloatVector p2 = odd2.fma(share, even2);
    FloatVector q2 = odd2.fma(opposite, even2);
    FloatVector even3 =
        FloatVector.fromArray(FULL, tile, second + 3 * column)
            .fma(inner, FloatVector.fromArray(FULL, tile, fourth + 3 * column));
    FloatVector odd3 =
        FloatVector.fromArray(FULL, tile, first + 3 * column)
            .fma(inner, FloatVector.fromArray(FULL, tile, third + 3 * column));
    FloatVector p3 = odd3.fma(share, even3);
    FloatVector q3 = odd3.fma(opposite, even3);
    FloatVector even4 =
        FloatVector.fromArray(FULL, tile, second + 4 * column)
            .fma(inner, FloatVector.fromArray(FULL, tile, fourth + 4 * column));
    FloatVector odd4 =
        FloatVector.fromArray(FULL, tile, first + 4 * column)
            .fma(inner, FloatVector.fromArray(FULL, tile, third + 4 * column));
    FloatVector p4 = odd4.fma(share, even4);
    FloatVector q4 = odd4.fma(opposite, even4);
    FloatVector even5 =
        FloatVector.fromArray(FULL, tile, second + 5 * column)
            .fma(inner, FloatVector.fromArray(FULL, tile, fourth + 5 * column));
    FloatVector odd5 =
        FloatVector.fromArray(FULL, tile, first + 5 * column)
            .fma(inner, FloatVector.fromArray(FULL, tile, third + 5 * column));
    FloatVector p5 = odd5.fma(share, even5);
    FloatVector q5 = odd5.fma(opposite, even5);
    FloatVector pEven = p2.fma(minusFour, p4);
    FloatVector pOdd = p1.fma(minusFour, p3);
    FloatVector pSum = p4.sub(p2);
    FloatVector pDifference = p3.sub(p1);
    FULL_TYPE.cast(p0.fma(four, p2.fma(minusFive, p4))).intoArray(points, to);
    FULL_TYPE.cast(pEven.add(pOdd)).intoArray(points, to + point);
    FULL_TYPE.cast(pEven.sub(pOdd)).intoArray(points, to + 2 * point);
    FULL_TYPE.cast(pDifference.fma(two, pSum)).intoArray(points, to + 3 * point);
    FULL_TYPE.cast(pDifference.fma(minusTwo, pSum)).intoArray(points, to + 4 * point);
    FULL_TYPE.cast(p1.fma(four, p3.fma(minusFive, p5))).intoArray(points, to + 5 * point);
    int next = to + 6 * point;
    FloatVector qEven = q2.fma(minusFour, q4);
    FloatVector qOdd = q1.fma(minusFour, q3);
    FloatVector qSum = q4.sub(q2);
    FloatVector qDifference = q3.sub(q1);
    FULL_TYPE.cast(q0.fma(four, q2.fma(minusFive, q4))).intoArray(points, next);
    FULL_TYPE.cast(qEven.add(qOdd)).intoArray(points, next + point);
    FULL_TYPE.cast(qEven.sub(qOdd)).intoArray(points, next + 2 * point);
    FULL_TYPE.cast(qDifference.fma(two, qSum)).intoArray(points, next + 3 * point);
    FULL_TYPE.cast(qDifference.fma(minusTwo, qSum)).intoArray(points, next + 4 * point);
    FULL_TYPE.cast(q1.fma(four, q3.fma(minusFive, q5))).intoArray(points, next + 5 * point);
  }
}
