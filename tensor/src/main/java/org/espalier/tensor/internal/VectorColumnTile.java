package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.HALF;
import static org.espalier.tensor.internal.VectorPanels.HALF_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;
import static org.espalier.tensor.internal.VectorPanels.ROWS;

import jdk.incubator.vector.FloatVector;

/**
 * Multiplies six rows of the left matrix with one panel of the right one as {@link VectorRowTile}
 * does, where the left matrix is stored by columns: {@code c[r, lane] = start[r, lane] + Σ_p a[p,
 * r] · b[p, lane]}.
 *
 * <p>Gradients of weights sum over pixels, which is the slow axis of both their operands; this tile
 * reads such operands where they lie. The six values of one p are neighbours, so one address serves
 * all of them; a common body for both layouts would need six and costs a tenth to a quarter of the
 * speed of the narrow panels.
 *
 * <p>Where the last tile has fewer than six rows, the elements behind them belong to nobody. Their
 * sums are stored first, where the last row is stored afterwards; hence the order of the stores.
 */
final class VectorColumnTile {
  private VectorColumnTile() {}

  /**
   * Does rows {@code from}, a multiple of {@link VectorPanels#ROWS}, to {@code to}.
   *
   * @param width lanes of the panel: 4, 2, 1 or 1/2 times {@link VectorPanels#LANES}
   * @param depth number of products in each sum
   * @param aAt index of the six neighbouring elements of the first p of row 0
   * @param aNext distance from six rows to the next six
   * @param aStep distance from one p to the next
   * @param bAt index of the first element of the panel
   * @param bStep distance of the panel's rows
   * @param start what the sums start from
   * @param c receives the sums (modified); may be {@code start}
   */
  static void run(
      int width,
      int from,
      int to,
      int depth,
      float[] a,
      int aAt,
      int aNext,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      TileRows start,
      TileRows c) {
    if (width == 4 * LANES) {
      wide(from, to, depth, a, aAt, aNext, aStep, b, bAt, bStep, start, c);
    } else if (width == 2 * LANES) {
      pair(from, to, depth, a, aAt, aNext, aStep, b, bAt, bStep, start, c);
    } else if (width == LANES) {
      single(from, to, depth, a, aAt, aNext, aStep, b, bAt, bStep, start, c);
    } else {
      half(from, to, depth, a, aAt, aNext, aStep, b, bAt, bStep, start, c);
    }
  }

  /** Does a tile four vectors wide. */
  private static void wide(
      int from,
      int to,
      int depth,
      float[] a,
      int aAt,
      int aNext,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      TileRows start,
      TileRows c) {
    float[] first = start.array();
    float[] target = c.array();
    for (int i = from; i < to; i += ROWS) {
      FloatVector c00 = FloatVector.fromArray(FULL, first, start.at(i));
      FloatVector c01 = FloatVector.fromArray(FULL, first, start.at(i) + LANES);
      FloatVector c02 = FloatVector.fromArray(FULL, first, start.at(i) + 2 * LANES);
      FloatVector c03 = FloatVector.fromArray(FULL, first, start.at(i) + 3 * LANES);
      FloatVector c10 = FloatVector.fromArray(FULL, first, start.at(i + 1));
      FloatVector c11 = FloatVector.fromArray(FULL, first, start.at(i + 1) + LANES);
      FloatVector c12 = FloatVector.fromArray(FULL, first, start.at(i + 1) + 2 * LANES);
      FloatVector c13 = FloatVector.fromArray(FULL, first, start.at(i + 1) + 3 * LANES);
      FloatVector c20 = FloatVector.fromArray(FULL, first, start.at(i + 2));
      FloatVector c21 = FloatVector.fromArray(FULL, first, start.at(i + 2) + LANES);
      FloatVector c22 = FloatVector.fromArray(FULL, first, start.at(i + 2) + 2 * LANES);
      FloatVector c23 = FloatVector.fromArray(FULL, first, start.at(i + 2) + 3 * LANES);
      FloatVector c30 = FloatVector.fromArray(FULL, first, start.at(i + 3));
      FloatVector c31 = FloatVector.fromArray(FULL, first, start.at(i + 3) + LANES);
      FloatVector c32 = FloatVector.fromArray(FULL, first, start.at(i + 3) + 2 * LANES);
      FloatVector c33 = FloatVector.fromArray(FULL, first, start.at(i + 3) + 3 * LANES);
      FloatVector c40 = FloatVector.fromArray(FULL, first, start.at(i + 4));
      FloatVector c41 = FloatVector.fromArray(FULL, first, start.at(i + 4) + LANES);
      FloatVector c42 = FloatVector.fromArray(FULL, first, start.at(i + 4) + 2 * LANES);
      FloatVector c43 = FloatVector.fromArray(FULL, first, start.at(i + 4) + 3 * LANES);
      FloatVector c50 = FloatVector.fromArray(FULL, first, start.at(i + 5));
      FloatVector c51 = FloatVector.fromArray(FULL, first, start.at(i + 5) + LANES);
      FloatVector c52 = FloatVector.fromArray(FULL, first, start.at(i + 5) + 2 * LANES);
      FloatVector c53 = FloatVector.fromArray(FULL, first, start.at(i + 5) + 3 * LANES);
      int q = aAt + i / ROWS * aNext;
      int j = bAt;
      for (int p = 0; p < depth; p++) {
        FloatVector b0 = FloatVector.fromArray(FULL, b, j);
        FloatVector b1 = FloatVector.fromArray(FULL, b, j + LANES);
        FloatVector b2 = FloatVector.fromArray(FULL, b, j + 2 * LANES);
        FloatVector b3 = FloatVector.fromArray(FULL, b, j + 3 * LANES);
        FloatVector x0 = FloatVector.broadcast(FULL, a[q]);
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        c02 = x0.fma(b2, c02);
        c03 = x0.fma(b3, c03);
        FloatVector x1 = FloatVector.broadcast(FULL, a[q + 1]);
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        c12 = x1.fma(b2, c12);
        c13 = x1.fma(b3, c13);
        FloatVector x2 = FloatVector.broadcast(FULL, a[q + 2]);
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        c22 = x2.fma(b2, c22);
        c23 = x2.fma(b3, c23);
        FloatVector x3 = FloatVector.broadcast(FULL, a[q + 3]);
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        c32 = x3.fma(b2, c32);
        c33 = x3.fma(b3, c33);
        FloatVector x4 = FloatVector.broadcast(FULL, a[q + 4]);
        c40 = x4.fma(b0, c40);
        c41 = x4.fma(b1, c41);
        c42 = x4.fma(b2, c42);
        c43 = x4.fma(b3, c43);
        FloatVector x5 = FloatVector.broadcast(FULL, a[q + 5]);
        c50 = x5.fma(b0, c50);
        c51 = x5.fma(b1, c51);
        c52 = x5.fma(b2, c52);
        c53 = x5.fma(b3, c53);
        j += bStep;
        q += aStep;
      }
      FULL_TYPE.cast(c53).intoArray(target, c.at(i + 5) + 3 * LANES);
      FULL_TYPE.cast(c52).intoArray(target, c.at(i + 5) + 2 * LANES);
      FULL_TYPE.cast(c51).intoArray(target, c.at(i + 5) + LANES);
      FULL_TYPE.cast(c50).intoArray(target, c.at(i + 5));
      FULL_TYPE.cast(c43).intoArray(target, c.at(i + 4) + 3 * LANES);
      FULL_TYPE.cast(c42).intoArray(target, c.at(i + 4) + 2 * LANES);
      FULL_TYPE.cast(c41).intoArray(target, c.at(i + 4) + LANES);
      FULL_TYPE.cast(c40).intoArray(target, c.at(i + 4));
      FULL_TYPE.cast(c33).intoArray(target, c.at(i + 3) + 3 * LANES);
      FULL_TYPE.cast(c32).intoArray(target, c.at(i + 3) + 2 * LANES);
      FULL_TYPE.cast(c31).intoArray(target, c.at(i + 3) + LANES);
      FULL_TYPE.cast(c30).intoArray(target, c.at(i + 3));
      FULL_TYPE.cast(c23).intoArray(target, c.at(i + 2) + 3 * LANES);
      FULL_TYPE.cast(c22).intoArray(target, c.at(i + 2) + 2 * LANES);
      FULL_TYPE.cast(c21).intoArray(target, c.at(i + 2) + LANES);
      FULL_TYPE.cast(c20).intoArray(target, c.at(i + 2));
      FULL_TYPE.cast(c13).intoArray(target, c.at(i + 1) + 3 * LANES);
      FULL_TYPE.cast(c12).intoArray(target, c.at(i + 1) + 2 * LANES);
      FULL_TYPE.cast(c11).intoArray(target, c.at(i + 1) + LANES);
      FULL_TYPE.cast(c10).intoArray(target, c.at(i + 1));
      FULL_TYPE.cast(c03).intoArray(target, c.at(i) + 3 * LANES);
      FULL_TYPE.cast(c02).intoArray(target, c.at(i) + 2 * LANES);
      FULL_TYPE.cast(c01).intoArray(target, c.at(i) + LANES);
      FULL_TYPE.cast(c00).intoArray(target, c.at(i));
    }
  }

  /** Does a tile two vectors wide. */
  private static void pair(
      int from,
      int to,
      int depth,
      float[] a,
      int aAt,
      int aNext,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      TileRows start,
      TileRows c) {
    float[] first = start.array();
    float[] target = c.array();
    for (int i = from; i < to; i += ROWS) {
      FloatVector c00 = FloatVector.fromArray(FULL, first, start.at(i));
      FloatVector c01 = FloatVector.fromArray(FULL, first, start.at(i) + LANES);
      FloatVector c10 = FloatVector.fromArray(FULL, first, start.at(i + 1));
      FloatVector c11 = FloatVector.fromArray(FULL, first, start.at(i + 1) + LANES);
      FloatVector c20 = FloatVector.fromArray(FULL, first, start.at(i + 2));
      FloatVector c21 = FloatVector.fromArray(FULL, first, start.at(i + 2) + LANES);
      FloatVector c30 = FloatVector.fromArray(FULL, first, start.at(i + 3));
      FloatVector c31 = FloatVector.fromArray(FULL, first, start.at(i + 3) + LANES);
      FloatVector c40 = FloatVector.fromArray(FULL, first, start.at(i + 4));
      FloatVector c41 = FloatVector.fromArray(FULL, first, start.at(i + 4) + LANES);
      FloatVector c50 = FloatVector.fromArray(FULL, first, start.at(i + 5));
      FloatVector c51 = FloatVector.fromArray(FULL, first, start.at(i + 5) + LANES);
      int q = aAt + i / ROWS * aNext;
      int j = bAt;
      for (int p = 0; p < depth; p++) {
        FloatVector b0 = FloatVector.fromArray(FULL, b, j);
        FloatVector b1 = FloatVector.fromArray(FULL, b, j + LANES);
        FloatVector x0 = FloatVector.broadcast(FULL, a[q]);
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(FULL, a[q + 1]);
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        FloatVector x2 = FloatVector.broadcast(FULL, a[q + 2]);
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        FloatVector x3 = FloatVector.broadcast(FULL, a[q + 3]);
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        FloatVector x4 = FloatVector.broadcast(FULL, a[q + 4]);
        c40 = x4.fma(b0, c40);
        c41 = x4.fma(b1, c41);
        FloatVector x5 = FloatVector.broadcast(FULL, a[q + 5]);
        c50 = x5.fma(b0, c50);
        c51 = x5.fma(b1, c51);
        j += bStep;
        q += aStep;
      }
      FULL_TYPE.cast(c51).intoArray(target, c.at(i + 5) + LANES);
      FULL_TYPE.cast(c50).intoArray(target, c.at(i + 5));
      FULL_TYPE.cast(c41).intoArray(target, c.at(i + 4) + LANES);
      FULL_TYPE.cast(c40).intoArray(target, c.at(i + 4));
      FULL_TYPE.cast(c31).intoArray(target, c.at(i + 3) + LANES);
      FULL_TYPE.cast(c30).intoArray(target, c.at(i + 3));
      FULL_TYPE.cast(c21).intoArray(target, c.at(i + 2) + LANES);
      FULL_TYPE.cast(c20).intoArray(target, c.at(i + 2));
      FULL_TYPE.cast(c11).intoArray(target, c.at(i + 1) + LANES);
      FULL_TYPE.cast(c10).intoArray(target, c.at(i + 1));
      FULL_TYPE.cast(c01).intoArray(target, c.at(i) + LANES);
      FULL_TYPE.cast(c00).intoArray(target, c.at(i));
    }
  }

  /** Does a tile one vector wide. */
  private static void single(
      int from,
      int to,
      int depth,
      float[] a,
      int aAt,
      int aNext,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      TileRows start,
      TileRows c) {
    float[] first = start.array();
    float[] target = c.array();
    for (int i = from; i < to; i += ROWS) {
      FloatVector c0 = FloatVector.fromArray(FULL, first, start.at(i));
      FloatVector c1 = FloatVector.fromArray(FULL, first, start.at(i + 1));
      FloatVector c2 = FloatVector.fromArray(FULL, first, start.at(i + 2));
      FloatVector c3 = FloatVector.fromArray(FULL, first, start.at(i + 3));
      FloatVector c4 = FloatVector.fromArray(FULL, first, start.at(i + 4));
      FloatVector c5 = FloatVector.fromArray(FULL, first, start.at(i + 5));
      int q = aAt + i / ROWS * aNext;
      int j = bAt;
      for (int p = 0; p < depth; p++) {
        FloatVector b0 = FloatVector.fromArray(FULL, b, j);
        FloatVector x0 = FloatVector.broadcast(FULL, a[q]);
        c0 = x0.fma(b0, c0);
        FloatVector x1 = FloatVector.broadcast(FULL, a[q + 1]);
        c1 = x1.fma(b0, c1);
        FloatVector x2 = FloatVector.broadcast(FULL, a[q + 2]);
        c2 = x2.fma(b0, c2);
        FloatVector x3 = FloatVector.broadcast(FULL, a[q + 3]);
        c3 = x3.fma(b0, c3);
        FloatVector x4 = FloatVector.broadcast(FULL, a[q + 4]);
        c4 = x4.fma(b0, c4);
        FloatVector x5 = FloatVector.broadcast(FULL, a[q + 5]);
        c5 = x5.fma(b0, c5);
        j += bStep;
        q += aStep;
      }
      FULL_TYPE.cast(c5).intoArray(target, c.at(i + 5));
      FULL_TYPE.cast(c4).intoArray(target, c.at(i + 4));
      FULL_TYPE.cast(c3).intoArray(target, c.at(i + 3));
      FULL_TYPE.cast(c2).intoArray(target, c.at(i + 2));
      FULL_TYPE.cast(c1).intoArray(target, c.at(i + 1));
      FULL_TYPE.cast(c0).intoArray(target, c.at(i));
    }
  }

  /** Does a tile half a vector wide. */
  private static void half(
      int from,
      int to,
      int depth,
      float[] a,
      int aAt,
      int aNext,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      TileRows start,
      TileRows c) {
    float[] first = start.array();
    float[] target = c.array();
    for (int i = from; i < to; i += ROWS) {
      FloatVector c0 = FloatVector.fromArray(HALF, first, start.at(i));
      FloatVector c1 = FloatVector.fromArray(HALF, first, start.at(i + 1));
      FloatVector c2 = FloatVector.fromArray(HALF, first, start.at(i + 2));
      FloatVector c3 = FloatVector.fromArray(HALF, first, start.at(i + 3));
      FloatVector c4 = FloatVector.fromArray(HALF, first, start.at(i + 4));
      FloatVector c5 = FloatVector.fromArray(HALF, first, start.at(i + 5));
      int q = aAt + i / ROWS * aNext;
      int j = bAt;
      for (int p = 0; p < depth; p++) {
        FloatVector b0 = FloatVector.fromArray(HALF, b, j);
        FloatVector x0 = FloatVector.broadcast(HALF, a[q]);
        c0 = x0.fma(b0, c0);
        FloatVector x1 = FloatVector.broadcast(HALF, a[q + 1]);
        c1 = x1.fma(b0, c1);
        FloatVector x2 = FloatVector.broadcast(HALF, a[q + 2]);
        c2 = x2.fma(b0, c2);
        FloatVector x3 = FloatVector.broadcast(HALF, a[q + 3]);
        c3 = x3.fma(b0, c3);
        FloatVector x4 = FloatVector.broadcast(HALF, a[q + 4]);
        c4 = x4.fma(b0, c4);
        FloatVector x5 = FloatVector.broadcast(HALF, a[q + 5]);
        c5 = x5.fma(b0, c5);
        j += bStep;
        q += aStep;
      }
      HALF_TYPE.cast(c5).intoArray(target, c.at(i + 5));
      HALF_TYPE.cast(c4).intoArray(target, c.at(i + 4));
      HALF_TYPE.cast(c3).intoArray(target, c.at(i + 3));
      HALF_TYPE.cast(c2).intoArray(target, c.at(i + 2));
      HALF_TYPE.cast(c1).intoArray(target, c.at(i + 1));
      HALF_TYPE.cast(c0).intoArray(target, c.at(i));
    }
  }
}
