package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.HALF;
import static org.espalier.tensor.internal.VectorPanels.HALF_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;
import static org.espalier.tensor.internal.VectorPanels.ROWS;

import jdk.incubator.vector.FloatVector;

/**
 * Multiplies six rows of the left matrix with one panel of the right one, the sums held in vector
 * registers: {@code c[r, lane] = start[r, lane] + Σ_p a[r, p] · b[p, lane]}, where each row of the
 * left matrix lies contiguous in p.
 *
 * <p>Why six rows: 6 x 4 sums, four loads of b and one broadcast fill 29 of the 32 registers of
 * 512-bit machines, 6 x 2 fill 15 of the 16 registers of 256-bit ones, and ten loads feed 24 fused
 * multiply-adds, so the load ports never wait. Panels of 1152 x 64 run at 100 to 110 GFLOPS where
 * the processor's peak is 112. Narrower panels serve the last columns.
 *
 * <p>Each sum is one chain of fused multiply-adds in the order of p, whatever the width: zeros in
 * the middle change no bit. The four bodies differ in their number of registers only, which is
 * exactly what cannot be a loop's parameter: vectors in arrays or behind calls would be boxed. The
 * casts before the stores do nothing but name the class: without them JDK 17 boxes every sum,
 * twenty times slower, as soon as anybody in the process uses float vectors of a second width.
 */
final class VectorRowTile {
  private VectorRowTile() {}

  /**
   * Does rows {@code from} to {@code to}, both multiples of {@link VectorPanels#ROWS}.
   *
   * @param width lanes of the panel: 4, 2, 1 or 1/2 times {@link VectorPanels#LANES}
   * @param depth number of products in each sum
   * @param left rows of the left matrix
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
      TileRows left,
      float[] b,
      int bAt,
      int bStep,
      TileRows start,
      TileRows c) {
    if (width == 4 * LANES) {
      wide(from, to, depth, left, b, bAt, bStep, start, c);
    } else if (width == 2 * LANES) {
      pair(from, to, depth, left, b, bAt, bStep, start, c);
    } else if (width == LANES) {
      single(from, to, depth, left, b, bAt, bStep, start, c);
    } else {
      half(from, to, depth, left, b, bAt, bStep, start, c);
    }
  }

  /** Does a tile four vectors wide. */
  private static void wide(
      int from,
      int to,
      int depth,
      TileRows left,
      float[] b,
      int bAt,
      int bStep,
      TileRows start,
      TileRows c) {
    float[] a = left.array();
    float[] first = start.array();
    float[] target = c.array();
    for (int i = from; i < to; i += ROWS) {
      int a0 = left.at(i);
      int a1 = left.at(i + 1);
      int a2 = left.at(i + 2);
      int a3 = left.at(i + 3);
      int a4 = left.at(i + 4);
      int a5 = left.at(i + 5);
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
      int j = bAt;
      for (int p = 0; p < depth; p++) {
        FloatVector b0 = FloatVector.fromArray(FULL, b, j);
        FloatVector b1 = FloatVector.fromArray(FULL, b, j + LANES);
        FloatVector b2 = FloatVector.fromArray(FULL, b, j + 2 * LANES);
        FloatVector b3 = FloatVector.fromArray(FULL, b, j + 3 * LANES);
        FloatVector x0 = FloatVector.broadcast(FULL, a[a0 + p]);
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        c02 = x0.fma(b2, c02);
        c03 = x0.fma(b3, c03);
        FloatVector x1 = FloatVector.broadcast(FULL, a[a1 + p]);
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        c12 = x1.fma(b2, c12);
        c13 = x1.fma(b3, c13);
        FloatVector x2 = FloatVector.broadcast(FULL, a[a2 + p]);
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        c22 = x2.fma(b2, c22);
        c23 = x2.fma(b3, c23);
        FloatVector x3 = FloatVector.broadcast(FULL, a[a3 + p]);
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        c32 = x3.fma(b2, c32);
        c33 = x3.fma(b3, c33);
        FloatVector x4 = FloatVector.broadcast(FULL, a[a4 + p]);
        c40 = x4.fma(b0, c40);
        c41 = x4.fma(b1, c41);
        c42 = x4.fma(b2, c42);
        c43 = x4.fma(b3, c43);
        FloatVector x5 = FloatVector.broadcast(FULL, a[a5 + p]);
        c50 = x5.fma(b0, c50);
        c51 = x5.fma(b1, c51);
        c52 = x5.fma(b2, c52);
        c53 = x5.fma(b3, c53);
        j += bStep;
      }
      FULL_TYPE.cast(c00).intoArray(target, c.at(i));
      FULL_TYPE.cast(c01).intoArray(target, c.at(i) + LANES);
      FULL_TYPE.cast(c02).intoArray(target, c.at(i) + 2 * LANES);
      FULL_TYPE.cast(c03).intoArray(target, c.at(i) + 3 * LANES);
      FULL_TYPE.cast(c10).intoArray(target, c.at(i + 1));
      FULL_TYPE.cast(c11).intoArray(target, c.at(i + 1) + LANES);
      FULL_TYPE.cast(c12).intoArray(target, c.at(i + 1) + 2 * LANES);
      FULL_TYPE.cast(c13).intoArray(target, c.at(i + 1) + 3 * LANES);
      FULL_TYPE.cast(c20).intoArray(target, c.at(i + 2));
      FULL_TYPE.cast(c21).intoArray(target, c.at(i + 2) + LANES);
      FULL_TYPE.cast(c22).intoArray(target, c.at(i + 2) + 2 * LANES);
      FULL_TYPE.cast(c23).intoArray(target, c.at(i + 2) + 3 * LANES);
      FULL_TYPE.cast(c30).intoArray(target, c.at(i + 3));
      FULL_TYPE.cast(c31).intoArray(target, c.at(i + 3) + LANES);
      FULL_TYPE.cast(c32).intoArray(target, c.at(i + 3) + 2 * LANES);
      FULL_TYPE.cast(c33).intoArray(target, c.at(i + 3) + 3 * LANES);
      FULL_TYPE.cast(c40).intoArray(target, c.at(i + 4));
      FULL_TYPE.cast(c41).intoArray(target, c.at(i + 4) + LANES);
      FULL_TYPE.cast(c42).intoArray(target, c.at(i + 4) + 2 * LANES);
      FULL_TYPE.cast(c43).intoArray(target, c.at(i + 4) + 3 * LANES);
      FULL_TYPE.cast(c50).intoArray(target, c.at(i + 5));
      FULL_TYPE.cast(c51).intoArray(target, c.at(i + 5) + LANES);
      FULL_TYPE.cast(c52).intoArray(target, c.at(i + 5) + 2 * LANES);
      FULL_TYPE.cast(c53).intoArray(target, c.at(i + 5) + 3 * LANES);
    }
  }

  /** Does a tile two vectors wide. */
  private static void pair(
      int from,
      int to,
      int depth,
      TileRows left,
      float[] b,
      int bAt,
      int bStep,
      TileRows start,
      TileRows c) {
    float[] a = left.array();
    float[] first = start.array();
    float[] target = c.array();
    for (int i = from; i < to; i += ROWS) {
      int a0 = left.at(i);
      int a1 = left.at(i + 1);
      int a2 = left.at(i + 2);
      int a3 = left.at(i + 3);
      int a4 = left.at(i + 4);
      int a5 = left.at(i + 5);
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
      int j = bAt;
      for (int p = 0; p < depth; p++) {
        FloatVector b0 = FloatVector.fromArray(FULL, b, j);
        FloatVector b1 = FloatVector.fromArray(FULL, b, j + LANES);
        FloatVector x0 = FloatVector.broadcast(FULL, a[a0 + p]);
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(FULL, a[a1 + p]);
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        FloatVector x2 = FloatVector.broadcast(FULL, a[a2 + p]);
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        FloatVector x3 = FloatVector.broadcast(FULL, a[a3 + p]);
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        FloatVector x4 = FloatVector.broadcast(FULL, a[a4 + p]);
        c40 = x4.fma(b0, c40);
        c41 = x4.fma(b1, c41);
        FloatVector x5 = FloatVector.broadcast(FULL, a[a5 + p]);
        c50 = x5.fma(b0, c50);
        c51 = x5.fma(b1, c51);
        j += bStep;
      }
      FULL_TYPE.cast(c00).intoArray(target, c.at(i));
      FULL_TYPE.cast(c01).intoArray(target, c.at(i) + LANES);
      FULL_TYPE.cast(c10).intoArray(target, c.at(i + 1));
      FULL_TYPE.cast(c11).intoArray(target, c.at(i + 1) + LANES);
      FULL_TYPE.cast(c20).intoArray(target, c.at(i + 2));
      FULL_TYPE.cast(c21).intoArray(target, c.at(i + 2) + LANES);
      FULL_TYPE.cast(c30).intoArray(target, c.at(i + 3));
      FULL_TYPE.cast(c31).intoArray(target, c.at(i + 3) + LANES);
      FULL_TYPE.cast(c40).intoArray(target, c.at(i + 4));
      FULL_TYPE.cast(c41).intoArray(target, c.at(i + 4) + LANES);
      FULL_TYPE.cast(c50).intoArray(target, c.at(i + 5));
      FULL_TYPE.cast(c51).intoArray(target, c.at(i + 5) + LANES);
    }
  }

  /** Does a tile one vector wide. */
  private static void single(
      int from,
      int to,
      int depth,
      TileRows left,
      float[] b,
      int bAt,
      int bStep,
      TileRows start,
      TileRows c) {
    float[] a = left.array();
    float[] first = start.array();
    float[] target = c.array();
    for (int i = from; i < to; i += ROWS) {
      int a0 = left.at(i);
      int a1 = left.at(i + 1);
      int a2 = left.at(i + 2);
      int a3 = left.at(i + 3);
      int a4 = left.at(i + 4);
      int a5 = left.at(i + 5);
      FloatVector c0 = FloatVector.fromArray(FULL, first, start.at(i));
      FloatVector c1 = FloatVector.fromArray(FULL, first, start.at(i + 1));
      FloatVector c2 = FloatVector.fromArray(FULL, first, start.at(i + 2));
      FloatVector c3 = FloatVector.fromArray(FULL, first, start.at(i + 3));
      FloatVector c4 = FloatVector.fromArray(FULL, first, start.at(i + 4));
      FloatVector c5 = FloatVector.fromArray(FULL, first, start.at(i + 5));
      int j = bAt;
      for (int p = 0; p < depth; p++) {
        FloatVector b0 = FloatVector.fromArray(FULL, b, j);
        FloatVector x0 = FloatVector.broadcast(FULL, a[a0 + p]);
        c0 = x0.fma(b0, c0);
        FloatVector x1 = FloatVector.broadcast(FULL, a[a1 + p]);
        c1 = x1.fma(b0, c1);
        FloatVector x2 = FloatVector.broadcast(FULL, a[a2 + p]);
        c2 = x2.fma(b0, c2);
        FloatVector x3 = FloatVector.broadcast(FULL, a[a3 + p]);
        c3 = x3.fma(b0, c3);
        FloatVector x4 = FloatVector.broadcast(FULL, a[a4 + p]);
        c4 = x4.fma(b0, c4);
        FloatVector x5 = FloatVector.broadcast(FULL, a[a5 + p]);
        c5 = x5.fma(b0, c5);
        j += bStep;
      }
      FULL_TYPE.cast(c0).intoArray(target, c.at(i));
      FULL_TYPE.cast(c1).intoArray(target, c.at(i + 1));
      FULL_TYPE.cast(c2).intoArray(target, c.at(i + 2));
      FULL_TYPE.cast(c3).intoArray(target, c.at(i + 3));
      FULL_TYPE.cast(c4).intoArray(target, c.at(i + 4));
      FULL_TYPE.cast(c5).intoArray(target, c.at(i + 5));
    }
  }

  /** Does a tile half a vector wide. */
  private static void half(
      int from,
      int to,
      int depth,
      TileRows left,
      float[] b,
      int bAt,
      int bStep,
      TileRows start,
      TileRows c) {
    float[] a = left.array();
    float[] first = start.array();
    float[] target = c.array();
    for (int i = from; i < to; i += ROWS) {
      int a0 = left.at(i);
      int a1 = left.at(i + 1);
      int a2 = left.at(i + 2);
      int a3 = left.at(i + 3);
      int a4 = left.at(i + 4);
      int a5 = left.at(i + 5);
      FloatVector c0 = FloatVector.fromArray(HALF, first, start.at(i));
      FloatVector c1 = FloatVector.fromArray(HALF, first, start.at(i + 1));
      FloatVector c2 = FloatVector.fromArray(HALF, first, start.at(i + 2));
      FloatVector c3 = FloatVector.fromArray(HALF, first, start.at(i + 3));
      FloatVector c4 = FloatVector.fromArray(HALF, first, start.at(i + 4));
      FloatVector c5 = FloatVector.fromArray(HALF, first, start.at(i + 5));
      int j = bAt;
      for (int p = 0; p < depth; p++) {
        FloatVector b0 = FloatVector.fromArray(HALF, b, j);
        FloatVector x0 = FloatVector.broadcast(HALF, a[a0 + p]);
        c0 = x0.fma(b0, c0);
        FloatVector x1 = FloatVector.broadcast(HALF, a[a1 + p]);
        c1 = x1.fma(b0, c1);
        FloatVector x2 = FloatVector.broadcast(HALF, a[a2 + p]);
        c2 = x2.fma(b0, c2);
        FloatVector x3 = FloatVector.broadcast(HALF, a[a3 + p]);
        c3 = x3.fma(b0, c3);
        FloatVector x4 = FloatVector.broadcast(HALF, a[a4 + p]);
        c4 = x4.fma(b0, c4);
        FloatVector x5 = FloatVector.broadcast(HALF, a[a5 + p]);
        c5 = x5.fma(b0, c5);
        j += bStep;
      }
      HALF_TYPE.cast(c0).intoArray(target, c.at(i));
      HALF_TYPE.cast(c1).intoArray(target, c.at(i + 1));
      HALF_TYPE.cast(c2).intoArray(target, c.at(i + 2));
      HALF_TYPE.cast(c3).intoArray(target, c.at(i + 3));
      HALF_TYPE.cast(c4).intoArray(target, c.at(i + 4));
      HALF_TYPE.cast(c5).intoArray(target, c.at(i + 5));
    }
  }
}
