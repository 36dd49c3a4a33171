package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Transforms tiles of four by four output gradients to 36 points, {@code A·dy·Aᵀ}: the adjoint of
 * {@link VectorWinogradOutput}, one or two rows at a time for the reasons that {@link
 * VectorWinogradInput} gives.
 */
final class VectorWinogradOutputGradient {
  private VectorWinogradOutputGradient() {}

  /**
   * Transforms one tile, vectorised over channels as {@link VectorWinogradInput#transform} is.
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
      outerRow(tile, from + c, column, points, to + c, point);
      innerRows(tile, from + c, line, column, 1, 1, 1, points, to + c + 6 * point, point);
      innerRows(tile, from + c, line, column, 4, 2, 8, points, to + c + 18 * point, point);
      outerRow(tile, from + c + 3 * line, column, points, to + c + 30 * point, point);
    }
  }

  /** Makes the first or the last row, which is that of the gradients. */
  private static void outerRow(
      float[] tile, int from, int column, float[] points, int to, int point) {
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector eight = FloatVector.broadcast(FULL, 8);
    FloatVector r0 = FloatVector.fromArray(FULL, tile, from);
    FloatVector r1 = FloatVector.fromArray(FULL, tile, from + column);
    FloatVector r2 = FloatVector.fromArray(FULL, tile, from + 2 * column);
    FloatVector r3 = FloatVector.fromArray(FULL, tile, from + 3 * column);
    FloatVector rEven = r0.add(r2);
    FloatVector rOdd = r1.add(r3);
    FloatVector rSum = r2.fma(four, r0);
    FloatVector rDifference = r3.fma(eight, r1.add(r1));
    FULL_TYPE.cast(r0).intoArray(points, to);
    FULL_TYPE.cast(rEven.add(rOdd)).intoArray(points, to + point);
    FULL_TYPE.cast(rEven.sub(rOdd)).intoArray(points, to + 2 * point);
    FULL_TYPE.cast(rSum.add(rDifference)).intoArray(points, to + 3 * point);
    FULL_TYPE.cast(rSum.sub(rDifference)).intoArray(points, to + 4 * point);
    FULL_TYPE.cast(r3).intoArray(points, to + 5 * point);
  }

  /** Makes two rows, {@code (d0 + a·d2) ± (b·d1 + c·d3)}. */
  private static void innerRows(
      float[] tile,
      int from,
      int line,
      int column,
      float a,
      float b,
      float c,
      float[] points,
      int to,
      int point) {
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector eight = FloatVector.broadcast(FULL, 8);
    FloatVector second = FloatVector.broadcast(FULL, a);
    FloatVector first = FloatVector.broadcast(FULL, b);
    FloatVector third = FloatVector.broadcast(FULL, c);
    FloatVector even0 =
        FloatVector.fromArray(FULL, tile, from + 2 * line)
            .fma(second, FloatVector.fromArray(FULL, tile, from));
    FloatVector odd0 =
        FloatVector.fromArray(FULL, tile, from + 3 * line)
            .fma(third, FloatVector.fromArray(FULL, tile, from + line).mul(first));
    FloatVector p0 = even0.add(odd0);
    FloatVector q0 = even0.sub(odd0);
    FloatVector even1 =
        FloatVector.fromArray(FULL, tile, from + 2 * line + column)
            .fma(second, FloatVector.fromArray(FULL, tile, from + column));
    FloatVector odd1 =
        FloatVector.fromArray(FULL, tile, from + 3 * line + column)
            .fma(third, FloatVector.fromArray(FULL, tile, from + line + column).mul(first));
    FloatVector p1 = even1.add(odd1);
    FloatVector q1 = even1.sub(odd1);
    FloatVector even2 =
        FloatVector.fromArray(FULL, tile, from + 2 * line + 2 * column)
            .fma(second, FloatVector.fromArray(FULL, tile, from + 2 * column));
    FloatVector odd2 =
        FloatVector.fromArray(FULL, tile, from + 3 * line + 2 * column)
            .fma(third, FloatVector.fromArray(FULL, tile, from + line + 2 * column).mul(first));
    FloatVector p2 = even2.add(odd2);
    FloatVector q2 = even2.sub(odd2);
    FloatVector even3 =
        FloatVector.fromArray(FULL, tile, from + 2 * line + 3 * column)
            .fma(second, FloatVector.fromArray(FULL, tile, from + 3 * column));
    FloatVector odd3 =
        FloatVector.fromArray(FULL, tile, from + 3 * line + 3 * column)
            .fma(third, FloatVector.fromArray(FULL, tile, from + line + 3 * column).mul(first));
    FloatVector p3 = even3.add(odd3);
    FloatVector q3 = even3.sub(odd3);
    FloatVector pEven = p0.add(p2);
    FloatVector pOdd = p1.add(p3);
    FloatVector pSum = p2.fma(four, p0);
    FloatVector pDifference = p3.fma(eight, p1.add(p1));
    FULL_TYPE.cast(p0).intoArray(points, to);
    FULL_TYPE.cast(pEven.add(pOdd)).intoArray(points, to + point);
    FULL_TYPE.cast(pEven.sub(pOdd)).intoArray(points, to + 2 * point);
    FULL_TYPE.cast(pSum.add(pDifference)).intoArray(points, to + 3 * point);
    FULL_TYPE.cast(pSum.sub(pDifference)).intoArray(points, to + 4 * point);
    FULL_TYPE.cast(p3).intoArray(points, to + 5 * point);
    int next = to + 6 * point;
    FloatVector qEven = q0.add(q2);
    FloatVector qOdd = q1.add(q3);
    FloatVector qSum = q2.fma(four, q0);
    FloatVector qDifference = q3.fma(eight, q1.add(q1));
    FULL_TYPE.cast(q0).intoArray(points, next);
    FULL_TYPE.cast(qEven.add(qOdd)).intoArray(points, next + point);
    FULL_TYPE.cast(qEven.sub(qOdd)).intoArray(points, next + 2 * point);
    FULL_TYPE.cast(qSum.add(qDifference)).intoArray(points, next + 3 * point);
    FULL_TYPE.cast(qSum.sub(qDifference)).intoArray(points, next + 4 * point);
    FULL_TYPE.cast(q3).intoArray(points, next + 5 * point);
  }
}
