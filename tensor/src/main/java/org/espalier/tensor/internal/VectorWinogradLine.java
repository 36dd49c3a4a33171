package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Transforms tiles of one axis, of Winograd's F(4, 3), vectorised over channels as {@link
 * VectorWinogradInput} and {@link VectorWinogradOutput} are.
 */
final class VectorWinogradLine {
  private VectorWinogradLine() {}

  /** Transforms six inputs to six points, {@code Bᵀ·d}. */
  static void input(
      float[] tile, int from, int column, float[] points, int to, int point, int channels) {
    FloatVector two = FloatVector.broadcast(FULL, 2);
    FloatVector minusTwo = FloatVector.broadcast(FULL, -2);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector minusFour = FloatVector.broadcast(FULL, -4);
    FloatVector minusFive = FloatVector.broadcast(FULL, -5);
    for (int block = 0; block < channels; block += LANES) {
      int c = Math.max(0, Math.min(block, channels - LANES));
      int f = from + c;
      int t = to + c;
      FloatVector d0 = FloatVector.fromArray(FULL, tile, f);
      FloatVector d1 = FloatVector.fromArray(FULL, tile, f + column);
      FloatVector d2 = FloatVector.fromArray(FULL, tile, f + 2 * column);
      FloatVector d3 = FloatVector.fromArray(FULL, tile, f + 3 * column);
      FloatVector d4 = FloatVector.fromArray(FULL, tile, f + 4 * column);
      FloatVector d5 = FloatVector.fromArray(FULL, tile, f + 5 * column);
      FloatVector even = d2.fma(minusFour, d4);
      FloatVector odd = d1.fma(minusFour, d3);
      FloatVector sum = d4.sub(d2);
      FloatVector difference = d3.sub(d1);
      d0.fma(four, d2.fma(minusFive, d4)).intoArray(points, t);
      even.add(odd).intoArray(points, t + point);
      even.sub(odd).intoArray(points, t + 2 * point);
      difference.fma(two, sum).intoArray(points, t + 3 * point);
      difference.fma(minusTwo, sum).intoArray(points, t + 4 * point);
      d1.fma(four, d3.fma(minusFive, d5)).intoArray(points, t + 5 * point);
    }
  }

  /** Transforms six products to four outputs, {@code Aᵀ·m}. */
  static void output(
      float[] products, int from, int point, float[] tile, int to, int column, int channels) {
    FloatVector two = FloatVector.broadcast(FULL, 2);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector eight = FloatVector.broadcast(FULL, 8);
    for (int block = 0; block < channels; block += LANES) {
      int c = Math.min(block, channels - LANES);
      int f = from + c;
      int t = to + c;
      FloatVector m1 = FloatVector.fromArray(FULL, products, f + point);
      FloatVector m2 = FloatVector.fromArray(FULL, products, f + 2 * point);
      FloatVector m3 = FloatVector.fromArray(FULL, products, f + 3 * point);
      FloatVector m4 = FloatVector.fromArray(FULL, products, f + 4 * point);
      FloatVector m5 = FloatVector.fromArray(FULL, products, f + 5 * point);
      FloatVector p = m1.add(m2);
      FloatVector q = m1.sub(m2);
      FloatVector r = m3.add(m4);
      FloatVector s = m3.sub(m4);
      FloatVector.fromArray(FULL, products, f).add(p).add(r).intoArray(tile, t);
      s.fma(two, q).intoArray(tile, t + column);
      r.fma(four, p).intoArray(tile, t + 2 * column);
      s.fma(eight, q).add(m5).intoArray(tile, t + 3 * column);
    }
  }

  /** Transforms the gradients of four outputs to six points, {@code A·dy}. */
  static void outputGradient(
      float[] tile, int from, int column, float[] points, int to, int point, int channels) {
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector eight = FloatVector.broadcast(FULL, 8);
    for (int block = 0; block < channels; block += LANES) {
      int c = Math.max(0, Math.min(block, channels - LANES));
      int f = from + c;
      int t = to + c;
      FloatVector d0 = FloatVector.fromArray(FULL, tile, f);
      FloatVector d1 = FloatVector.fromArray(FULL, tile, f + column);
      d0.intoArray(points, t);
      FloatVector d2 = FloatVector.fromArray(FULL, tile, f + 2 * column);
      FloatVector d3 = FloatVector.fromArray(FULL, tile, f + 3 * column);
      FloatVector even = d0.add(d2);
      FloatVector odd = d1.add(d3);
      FloatVector sum = d2.fma(four, d0);
      FloatVector difference = d3.fma(eight, d1.add(d1));
      even.add(odd).intoArray(points, t + point);
      even.sub(odd).intoArray(points, t + 2 * point);
      sum.add(difference).intoArray(points, t + 3 * point);
      sum.sub(difference).intoArray(points, t + 4 * point);
      d3.intoArray(points, t + 5 * point);
    }
  }
}
