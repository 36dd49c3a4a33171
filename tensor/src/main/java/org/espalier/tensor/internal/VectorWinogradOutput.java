package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Transforms the 36 products of a tile to its four by four outputs, {@code Aᵀ·m·A} (Lavin and Gray
 * 2016, section 4.2), two rows at a time for the reasons that {@link VectorWinogradInput} gives.
 */
final class VectorWinogradOutput {
  private VectorWinogradOutput() {}

  /**
   * Transforms one tile, vectorised over channels; the last vector overlaps the one before where
   * the channels do not fill it, so there must be {@link VectorPanels#LANES} at least.
   *
   * @param products holds product (i, j) at {@code from + (6 · i + j) · point}
   * @param tile receives output (i, j) at {@code to + i · line + j · column} (modified)
   */
  static void transform(
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
      evenRows(products, from + c, point, tile, to + c, line, column);
      oddRows(products, from + c, point, tile, to + c + line, line, column);
    }
  }

  /** Makes rows 0 and 2: {@code m0 + (m1 + m2) + (m3 + m4)} and {@code (m1 + m2) + 4·(m3 + m4)}. */
  private static void evenRows(
      float[] products, int from, int point, float[] tile, int to, int line, int column) {
    FloatVector two = FloatVector.broadcast(FULL, 2);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector eight = FloatVector.broadcast(FULL, 8);
    int line1 = from + 6 * point;
    int line2 = from + 12 * point;
    int line3 = from + 18 * point;
    int line4 = from + 24 * point;
    FloatVector near0 =
        FloatVector.fromArray(FULL, products, line1)
            .add(FloatVector.fromArray(FULL, products, line2));
    FloatVector far0 =
        FloatVector.fromArray(FULL, products, line3)
            .add(FloatVector.fromArray(FULL, products, line4));
    FloatVector x0 = FloatVector.fromArray(FULL, products, from).add(near0).add(far0);
    FloatVector y0 = far0.fma(four, near0);
    FloatVector near1 =
        FloatVector.fromArray(FULL, products, line1 + point)
            .add(FloatVector.fromArray(FULL, products, line2 + point));
    FloatVector far1 =
        FloatVector.fromArray(FULL, products, line3 + point)
            .add(FloatVector.fromArray(FULL, products, line4 + point));
    FloatVector x1 = FloatVector.fromArray(FULL, products, from + point).add(near1).add(far1);
    FloatVector y1 = far1.fma(four, near1);
    FloatVector near2 =
        FloatVector.fromArray(FULL, products, line1 + 2 * point)
            .add(FloatVector.fromArray(FULL, products, line2 + 2 * point));
    FloatVector far2 =
        FloatVector.fromArray(FULL, products, line3 + 2 * point)
            .add(FloatVector.fromArray(FULL, products, line4 + 2 * point));
    FloatVector x2 = FloatVector.fromArray(FULL, products, from + 2 * point).add(near2).add(far2);
    FloatVector y2 = far2.fma(four, near2);
    FloatVector near3 =
        FloatVector.fromArray(FULL, products, line1 + 3 * point)
            .add(FloatVector.fromArray(FULL, products, line2 + 3 * point));
    FloatVector far3 =
        FloatVector.fromArray(FULL, products, line3 + 3 * point)
            .add(FloatVector.fromArray(FULL, products, line4 + 3 * point));
    FloatVector x3 = FloatVector.fromArray(FULL, products, from + 3 * point).add(near3).add(far3);
    FloatVector y3 = far3.fma(four, near3);
    FloatVector near4 =
        FloatVector.fromArray(FULL, products, line1 + 4 * point)
            .add(FloatVector.fromArray(FULL, products, line2 + 4 * point));
    FloatVector far4 =
        FloatVector.fromArray(FULL, products, line3 + 4 * point)
            .add(FloatVector.fromArray(FULL, products, line4 + 4 * point));
    FloatVector x4 = FloatVector.fromArray(FULL, products, from + 4 * point).add(near4).add(far4);
    FloatVector y4 = far4.fma(four, near4);
    FloatVector near5 =
        FloatVector.fromArray(FULL, products, line1 + 5 * point)
            .add(FloatVector.fromArray(FULL, products, line2 + 5 * point));
    FloatVector far5 =
        FloatVector.fromArray(FULL, products, line3 + 5 * point)
            .add(FloatVector.fromArray(FULL, products, line4 + 5 * point));
    FloatVector x5 = FloatVector.fromArray(FULL, products, from + 5 * point).add(near5).add(far5);
    FloatVector y5 = far5.fma(four, near5);
    FloatVector xp = x1.add(x2);
    FloatVector xq = x1.sub(x2);
    FloatVector xr = x3.add(x4);
    FloatVector xs = x3.sub(x4);
    FULL_TYPE.cast(x0.add(xp).add(xr)).intoArray(tile, to);
    FULL_TYPE.cast(xs.fma(two, xq)).intoArray(tile, to + column);
    FULL_TYPE.cast(xr.fma(four, xp)).intoArray(tile, to + 2 * column);
    FULL_TYPE.cast(xs.fma(eight, xq).add(x5)).intoArray(tile, to + 3 * column);
    int next = to + 2 * line;
    FloatVector yp = y1.add(y2);
    FloatVector yq = y1.sub(y2);
    FloatVector yr = y3.add(y4);
    FloatVector ys = y3.sub(y4);
    FULL_TYPE.cast(y0.add(yp).add(yr)).intoArray(tile, next);
    FULL_TYPE.cast(ys.fma(two, yq)).intoArray(tile, next + column);
    FULL_TYPE.cast(yr.fma(four, yp)).intoArray(tile, next + 2 * column);
    FULL_TYPE.cast(ys.fma(eight, yq).add(y5)).intoArray(tile, next + 3 * column);
  }

  /**
   * Makes rows 1 and 3: {@code (m1 - m2) + 2·(m3 - m4)} and {@code (m1 - m2) + 8·(m3 - m4) + m5}.
   */
  private static void oddRows(
      float[] products, int from, int point, float[] tile, int to, int line, int column) {
    FloatVector two = FloatVector.broadcast(FULL, 2);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector eight = FloatVector.broadcast(FULL, 8);
    int line1 = from + 6 * point;
    int line2 = from + 12 * point;
    int line3 = from + 18 * point;
    int line4 = from + 24 * point;
    int line5 = from + 30 * point;
    FloatVector near0 =
        FloatVector.fromArray(FULL, products, line1)
            .sub(FloatVector.fromArray(FULL, products, line2));
    FloatVector far0 =
        FloatVector.fromArray(FULL, products, line3)
            .sub(FloatVector.fromArray(FULL, products, line4));
    FloatVector x0 = far0.fma(two, near0);
    FloatVector y0 = far0.fma(eight, near0).add(FloatVector.fromArray(FULL, products, line5));
    FloatVector near1 =
        FloatVector.fromArray(FULL, products, line1 + point)
            .sub(FloatVector.fromArray(FULL, products, line2 + point));
    FloatVector far1 =
        FloatVector.fromArray(FULL, products, line3 + point)
            .sub(FloatVector.fromArray(FULL, products, line4 + point));
    FloatVector x1 = far1.fma(two, near1);
    FloatVector y1 =
        far1.fma(eight, near1).add(FloatVector.fromArray(FULL, products, line5 + point));
    FloatVector near2 =
        FloatVector.fromArray(FULL, products, line1 + 2 * point)
            .sub(FloatVector.fromArray(FULL, products, line2 + 2 * point));
    FloatVector far2 =
        FloatVector.fromArray(FULL, products, line3 + 2 * point)
            .sub(FloatVector.fromArray(FULL, products, line4 + 2 * point));
    FloatVector x2 = far2.fma(two, near2);
    FloatVector y2 =
        far2.fma(eight, near2).add(FloatVector.fromArray(FULL, products, line5 + 2 * point));
    FloatVector near3 =
        FloatVector.fromArray(FULL, products, line1 + 3 * point)
            .sub(FloatVector.fromArray(FULL, products, line2 + 3 * point));
    FloatVector far3 =
        FloatVector.fromArray(FULL, products, line3 + 3 * point)
            .sub(FloatVector.fromArray(FULL, products, line4 + 3 * point));
    FloatVector x3 = far3.fma(two, near3);
    FloatVector y3 =
        far3.fma(eight, near3).add(FloatVector.fromArray(FULL, products, line5 + 3 * point));
    FloatVector near4 =
        FloatVector.fromArray(FULL, products, line1 + 4 * point)
            .sub(FloatVector.fromArray(FULL, products, line2 + 4 * point));
    FloatVector far4 =
        FloatVector.fromArray(FULL, products, line3 + 4 * point)
            .sub(FloatVector.fromArray(FULL, products, line4 + 4 * point));
    FloatVector x4 = far4.fma(two, near4);
    FloatVector y4 =
        far4.fma(eight, near4).add(FloatVector.fromArray(FULL, products, line5 + 4 * point));
    FloatVector near5 =
        FloatVector.fromArray(FULL, products, line1 + 5 * point)
            .sub(FloatVector.fromArray(FULL, products, line2 + 5 * point));
    FloatVector far5 =
        FloatVector.fromArray(FULL, products, line3 + 5 * point)
            .sub(FloatVector.fromArray(FULL, products, line4 + 5 * point));
    FloatVector x5 = far5.fma(two, near5);
    FloatVector y5 =
        far5.fma(eight, near5).add(FloatVector.fromArray(FULL, products, line5 + 5 * point));
    FloatVector xp = x1.add(x2);
    FloatVector xq = x1.sub(x2);
    FloatVector xr = x3.add(x4);
    FloatVector xs = x3.sub(x4);
    FULL_TYPE.cast(x0.add(xp).add(xr)).intoArray(tile, to);
    FULL_TYPE.cast(xs.fma(two, xq)).intoArray(tile, to + column);
    FULL_TYPE.cast(xr.fma(four, xp)).intoArray(tile, to + 2 * column);
    FULL_TYPE.cast(xs.fma(eight, xq).add(x5)).intoArray(tile, to + 3 * column);
    int next = to + 2 * line;
    FloatVector yp = y1.add(y2);
    FloatVector yq = y1.sub(y2);
    FloatVector yr = y3.add(y4);
    FloatVector ys = y3.sub(y4);
    FULL_TYPE.cast(y0.add(yp).add(yr)).intoArray(tile, next);
    FULL_TYPE.cast(ys.fma(two, yq)).intoArray(tile, next + column);
    FULL_TYPE.cast(yr.fma(four, yp)).intoArray(tile, next + 2 * column);
    FULL_TYPE.cast(ys.fma(eight, yq).add(y5)).intoArray(tile, next + 3 * column);
  }
}
