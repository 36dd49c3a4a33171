package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Transforms between the 36 points and the two by two outputs of Winograd's F(2x2, 5x5), which
 * shares its points, and so {@link VectorWinogradInput}, with F(4x4, 3x3).
 */
final class VectorWinogradSmallTile {
  private VectorWinogradSmallTile() {}

  /** Transforms products to outputs, {@code Aᵀ·m·A}, as {@link VectorWinogradOutput} does. */
  static void output(
      float[] products,
      int from,
      int point,
      float[] tile,
      int to,
      int line,
      int column,
      int channels) {
    for (int block = 0; block < channels; block += LANES) {
      int c = Math.min(block, channels - LANES);
      outputs(products, from + c, point, tile, to + c, line, column);
    }
  }

  private static void outputs(
      float[] products, int from, int point, float[] tile, int to, int line, int column) {
    FloatVector two = FloatVector.broadcast(FULL, 2);
    int line1 = from + 6 * point;
    int line2 = from + 12 * point;
    int line3 = from + 18 * point;
    int line4 = from + 24 * point;
    int line5 = from + 30 * point;
    FloatVector a0 = FloatVector.fromArray(FULL, products, line1);
    FloatVector b0 = FloatVector.fromArray(FULL, products, line2);
    FloatVector c0 = FloatVector.fromArray(FULL, products, line3);
    FloatVector d0 = FloatVector.fromArray(FULL, products, line4);
    FloatVector x0 = FloatVector.fromArray(FULL, products, from).add(a0.add(b0)).add(c0.add(d0));
    FloatVector y0 =
        c0.sub(d0).fma(two, a0.sub(b0)).add(FloatVector.fromArray(FULL, products, line5));
    FloatVector a1 = FloatVector.fromArray(FULL, products, line1 + point);
    FloatVector b1 = FloatVector.fromArray(FULL, products, line2 + point);
    FloatVector c1 = FloatVector.fromArray(FULL, products, line3 + point);
    FloatVector d1 = FloatVector.fromArray(FULL, products, line4 + point);
    FloatVector x1 =
        FloatVector.fromArray(FULL, products, from + point).add(a1.add(b1)).add(c1.add(d1));
    FloatVector y1 =
        c1.sub(d1).fma(two, a1.sub(b1)).add(FloatVector.fromArray(FULL, products, line5 + point));
    FloatVector a2 = FloatVector.fromArray(FULL, products, line1 + 2 * point);
    FloatVector b2 = FloatVector.fromArray(FULL, products, line2 + 2 * point);
    FloatVector c2 = FloatVector.fromArray(FULL, products, line3 + 2 * point);
    FloatVector d2 = FloatVector.fromArray(FULL, products, line4 + 2 * point);
    FloatVector x2 =
        FloatVector.fromArray(FULL, products, from + 2 * point).add(a2.add(b2)).add(c2.add(d2));
    FloatVector y2 =
        c2.sub(d2)
            .fma(two, a2.sub(b2))
            .add(FloatVector.fromArray(FULL, products, line5 + 2 * point));
    FloatVector a3 = FloatVector.fromArray(FULL, products, line1 + 3 * point);
    FloatVector b3 = FloatVector.fromArray(FULL, products, line2 + 3 * point);
    FloatVector c3 = FloatVector.fromArray(FULL, products, line3 + 3 * point);
    FloatVector d3 = FloatVector.fromArray(FULL, products, line4 + 3 * point);
    FloatVector x3 =
        FloatVector.fromArray(FULL, products, from + 3 * point).add(a3.add(b3)).add(c3.add(d3));
    FloatVector y3 =
        c3.sub(d3)
            .fma(two, a3.sub(b3))
            .add(FloatVector.fromArray(FULL, products, line5 + 3 * point));
    FloatVector a4 = FloatVector.fromArray(FULL, products, line1 + 4 * point);
    FloatVector b4 = FloatVector.fromArray(FULL, products, line2 + 4 * point);
    FloatVector c4 = FloatVector.fromArray(FULL, products, line3 + 4 * point);
    FloatVector d4 = FloatVector.fromArray(FULL, products, line4 + 4 * point);
    FloatVector x4 =
        FloatVector.fromArray(FULL, products, from + 4 * point).add(a4.add(b4)).add(c4.add(d4));
    FloatVector y4 =
        c4.sub(d4)
            .fma(two, a4.sub(b4))
            .add(FloatVector.fromArray(FULL, products, line5 + 4 * point));
    FloatVector a5 = FloatVector.fromArray(FULL, products, line1 + 5 * point);
    FloatVector b5 = FloatVector.fromArray(FULL, products, line2 + 5 * point);
    FloatVector c5 = FloatVector.fromArray(FULL, products, line3 + 5 * point);
    FloatVector d5 = FloatVector.fromArray(FULL, products, line4 + 5 * point);
    FloatVector x5 =
        FloatVector.fromArray(FULL, products, from + 5 * point).add(a5.add(b5)).add(c5.add(d5));
    FloatVector y5 =
        c5.sub(d5)
            .fma(two, a5.sub(b5))
            .add(FloatVector.fromArray(FULL, products, line5 + 5 * point));
    x0.add(x1.add(x2)).add(x3.add(x4)).intoArray(tile, to);
    x3.sub(x4).fma(two, x1.sub(x2)).add(x5).intoArray(tile, to + column);
    y0.add(y1.add(y2)).add(y3.add(y4)).intoArray(tile, to + line);
    y3.sub(y4).fma(two, y1.sub(y2)).add(y5).intoArray(tile, to + line + column);
  }

  /**
   * Transforms gradients of outputs to points, {@code A·dy·Aᵀ}: the adjoint of {@link #output}, as
   * {@link VectorWinogradOutputGradient} does.
   */
  static void outputGradient(
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
      row(tile, from + c, column, points, to + c, point);
      innerRows(tile, from + c, line, column, 1, points, to + c + 6 * point, point);
      innerRows(tile, from + c, line, column, 2, points, to + c + 18 * point, point);
      row(tile, from + c + line, column, points, to + c + 30 * point, point);
    }
  }

  /** Makes the first or the last row, which is that of the gradients. */
  private static void row(float[] tile, int from, int column, float[] points, int to, int point) {
    FloatVector r0 = FloatVector.fromArray(FULL, tile, from);
    FloatVector r1 = FloatVector.fromArray(FULL, tile, from + column);
    FloatVector twice = r1.add(r1);
    r0.intoArray(points, to);
    r0.add(r1).intoArray(points, to + point);
    r0.sub(r1).intoArray(points, to + 2 * point);
    r0.add(twice).intoArray(points, to + 3 * point);
    r0.sub(twice).intoArray(points, to + 4 * point);
    r1.intoArray(points, to + 5 * point);
  }

  /** Makes two rows, {@code d0 ± a·d1}. */
  private static void innerRows(
      float[] tile, int from, int line, int column, float a, float[] points, int to, int point) {
    FloatVector share = FloatVector.broadcast(FULL, a);
    FloatVector even0 = FloatVector.fromArray(FULL, tile, from);
    FloatVector odd0 = FloatVector.fromArray(FULL, tile, from + line).mul(share);
    FloatVector even1 = FloatVector.fromArray(FULL, tile, from + column);
    FloatVector odd1 = FloatVector.fromArray(FULL, tile, from + line + column).mul(share);
    FloatVector p0 = even0.add(odd0);
    FloatVector p1 = even1.add(odd1);
    FloatVector pTwice = p1.add(p1);
    p0.intoArray(points, to);
    p0.add(p1).intoArray(points, to + point);
    p0.sub(p1).intoArray(points, to + 2 * point);
    p0.add(pTwice).intoArray(points, to + 3 * point);
    p0.sub(pTwice).intoArray(points, to + 4 * point);
    p1.intoArray(points, to + 5 * point);
    int next = to + 6 * point;
    FloatVector q0 = even0.sub(odd0);
    FloatVector q1 = even1.sub(odd1);
    FloatVector qTwice = q1.add(q1);
    q0.intoArray(points, next);
    q0.add(q1).intoArray(points, next + point);
    q0.sub(q1).intoArray(points, next + 2 * point);
    q0.add(qTwice).intoArray(points, next + 3 * point);
    q0.sub(qTwice).intoArray(points, next + 4 * point);
    q1.intoArray(points, next + 5 * point);
  }
}
