package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Sums four rows of four vectors of neighbouring places: each step loads four vectors of a plane
 * and multiplies them by four weights, so that the loads, which cross a cache line nearly always,
 * take half of the time of the multiply-adds.
 */
final class VectorPlaneTile {
  /** Rows of a tile. */
  static final int ROWS = 4;

  /** Places of a tile. */
  static final int WIDE = 4 * LANES;

  private VectorPlaneTile() {}

  /**
   * Computes {@code y[r][p] = start[r] + Σ_k weights[4k + r] · x[base + offsets[k] + p]}.
   *
   * @param weight where the weights begin in their array
   * @param first where the four starts lie in their array
   * @param y receives row r at {@code to + r · stride} (modified)
   */
  static void sum(
      float[] x,
      int base,
      int[] offsets,
      float[] weights,
      int weight,
      float[] start,
      int first,
      float[] y,
      int to,
      int stride) {
    FloatVector a0 = FloatVector.broadcast(FULL, start[first]);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector b0 = FloatVector.broadcast(FULL, start[first + 1]);
    FloatVector b1 = b0;
    FloatVector b2 = b0;
    FloatVector b3 = b0;
    FloatVector c0 = FloatVector.broadcast(FULL, start[first + 2]);
    FloatVector c1 = c0;
    FloatVector c2 = c0;
    FloatVector c3 = c0;
    FloatVector d0 = FloatVector.broadcast(FULL, start[first + 3]);
    FloatVector d1 = d0;
    FloatVector d2 = d0;
    FloatVector d3 = d0;
    int w = weight;
    for (int k = 0; k < offsets.length; k++) {
      int p = base + offsets[k];
      FloatVector x0 = FloatVector.fromArray(FULL, x, p);
      FloatVector x1 = FloatVector.fromArray(FULL, x, p + LANES);
      FloatVector x2 = FloatVector.fromArray(FULL, x, p + 2 * LANES);
      FloatVector x3 = FloatVector.fromArray(FULL, x, p + 3 * LANES);
      FloatVector a = FloatVector.broadcast(FULL, weights[w]);
      a0 = a.fma(x0, a0);
      a1 = a.fma(x1, a1);
      a2 = a.fma(x2, a2);
      a3 = a.fma(x3, a3);
      FloatVector b = FloatVector.broadcast(FULL, weights[w + 1]);
      b0 = b.fma(x0, b0);
      b1 = b.fma(x1, b1);
      b2 = b.fma(x2, b2);
      b3 = b.fma(x3, b3);
      FloatVector c = FloatVector.broadcast(FULL, weights[w + 2]);
      c0 = c.fma(x0, c0);
      c1 = c.fma(x1, c1);
      c2 = c.fma(x2, c2);
      c3 = c.fma(x3, c3);
      FloatVector d = FloatVector.broadcast(FULL, weights[w + 3]);
      d0 = d.fma(x0, d0);
      d1 = d.fma(x1, d1);
      d2 = d.fma(x2, d2);
      d3 = d.fma(x3, d3);
      w += ROWS;
    }
    FULL_TYPE.cast(a0).intoArray(y, to);
    FULL_TYPE.cast(a1).intoArray(y, to + LANES);
    FULL_TYPE.cast(a2).intoArray(y, to + 2 * LANES);
    FULL_TYPE.cast(a3).intoArray(y, to + 3 * LANES);
    int second = to + stride;
    FULL_TYPE.cast(b0).intoArray(y, second);
    FULL_TYPE.cast(b1).intoArray(y, second + LANES);
    FULL_TYPE.cast(b2).intoArray(y, second + 2 * LANES);
    FULL_TYPE.cast(b3).intoArray(y, second + 3 * LANES);
    int third = second + stride;
    FULL_TYPE.cast(c0).intoArray(y, third);
    FULL_TYPE.cast(c1).intoArray(y, third + LANES);
    FULL_TYPE.cast(c2).intoArray(y, third + 2 * LANES);
    FULL_TYPE.cast(c3).intoArray(y, third + 3 * LANES);
    int fourth = third + stride;
    FULL_TYPE.cast(d0).intoArray(y, fourth);
    FULL_TYPE.cast(d1).intoArray(y, fourth + LANES);
    FULL_TYPE.cast(d2).intoArray(y, fourth + 2 * LANES);
    FULL_TYPE.cast(d3).intoArray(y, fourth + 3 * LANES);
  }

  /** Computes the same for two vectors of places. */
  static void half(
      float[] x,
      int base,
      int[] offsets,
      float[] weights,
      int weight,
      float[] start,
      int first,
      float[] y,
      int to,
      int stride) {
    FloatVector a0 = FloatVector.broadcast(FULL, start[first]);
    FloatVector a1 = a0;
    FloatVector b0 = FloatVector.broadcast(FULL, start[first + 1]);
    FloatVector b1 = b0;
    FloatVector c0 = FloatVector.broadcast(FULL, start[first + 2]);
    FloatVector c1 = c0;
    FloatVector d0 = FloatVector.broadcast(FULL, start[first + 3]);
    FloatVector d1 = d0;
    int w = weight;
    for (int k = 0; k < offsets.length; k++) {
      int p = base + offsets[k];
      FloatVector x0 = FloatVector.fromArray(FULL, x, p);
      FloatVector x1 = FloatVector.fromArray(FULL, x, p + LANES);
      FloatVector a = FloatVector.broadcast(FULL, weights[w]);
      a0 = a.fma(x0, a0);
      a1 = a.fma(x1, a1);
      FloatVector b = FloatVector.broadcast(FULL, weights[w + 1]);
      b0 = b.fma(x0, b0);
      b1 = b.fma(x1, b1);
      FloatVector c = FloatVector.broadcast(FULL, weights[w + 2]);
      c0 = c.fma(x0, c0);
      c1 = c.fma(x1, c1);
      FloatVector d = FloatVector.broadcast(FULL, weights[w + 3]);
      d0 = d.fma(x0, d0);
      d1 = d.fma(x1, d1);
      w += ROWS;
    }
    FULL_TYPE.cast(a0).intoArray(y, to);
    FULL_TYPE.cast(a1).intoArray(y, to + LANES);
    FULL_TYPE.cast(b0).intoArray(y, to + stride);
    FULL_TYPE.cast(b1).intoArray(y, to + stride + LANES);
    FULL_TYPE.cast(c0).intoArray(y, to + 2 * stride);
    FULL_TYPE.cast(c1).intoArray(y, to + 2 * stride + LANES);
    FULL_TYPE.cast(d0).intoArray(y, to + 3 * stride);
    FULL_TYPE.cast(d1).intoArray(y, to + 3 * stride + LANES);
  }
}
