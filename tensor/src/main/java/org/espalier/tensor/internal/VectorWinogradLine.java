package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Transforms along one axis, of Winograd's F(4, 3) (Lavin and Gray 2016, section 4.2).
 *
 * <p>Inputs and output gradients are runs of floats, {@code items} of them, each done by whole
 * vectors. The last vector of a run overlaps the one before where the floats do not fill it; a run
 * shorter than a vector is read, and written, with what lies behind it: the next item overwrites
 * that, and behind the last one nobody may need it.
 */
final class VectorWinogradLine {
  private VectorWinogradLine() {}

  /**
   * Transforms six inputs to six points, {@code Bᵀ·d}.
   *
   * @param from holds inputs 0, 2 and 4 at {@code at}, {@code second} and {@code third} floats
   *     further on, each with the next input {@code step} floats behind it
   * @param item distance of two items in it
   * @param points receives the points from {@code to} on, {@code point} apart, the items behind
   *     each other (modified)
   */
  static void input(
      float[] from,
      int at,
      int step,
      int second,
      int third,
      int item,
      float[] points,
      int to,
      int point,
      int items,
      int run) {
    FloatVector two = FloatVector.broadcast(FULL, 2);
    FloatVector minusTwo = FloatVector.broadcast(FULL, -2);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector minusFour = FloatVector.broadcast(FULL, -4);
    FloatVector minusFive = FloatVector.broadcast(FULL, -5);
    for (int i = 0; i < items; i++) {
      for (int block = 0; block < run; block += LANES) {
        int c = Math.max(0, Math.min(block, run - LANES));
        int f = at + i * item + c;
        int t = to + i * run + c;
        FloatVector d0 = FloatVector.fromArray(FULL, from, f);
        FloatVector d1 = FloatVector.fromArray(FULL, from, f + step);
        FloatVector d2 = FloatVector.fromArray(FULL, from, f + second);
        FloatVector d3 = FloatVector.fromArray(FULL, from, f + second + step);
        FloatVector d4 = FloatVector.fromArray(FULL, from, f + third);
        FloatVector d5 = FloatVector.fromArray(FULL, from, f + third + step);
        FloatVector even = d2.fma(minusFour, d4);
        FloatVector odd = d1.fma(minusFour, d3);
        FloatVector sum = d4.sub(d2);
        FloatVector difference = d3.sub(d1);
        FULL_TYPE.cast(d0.fma(four, d2.fma(minusFive, d4))).intoArray(points, t);
        FULL_TYPE.cast(even.add(odd)).intoArray(points, t + point);
        FULL_TYPE.cast(even.sub(odd)).intoArray(points, t + 2 * point);
        FULL_TYPE.cast(difference.fma(two, sum)).intoArray(points, t + 3 * point);
        FULL_TYPE.cast(difference.fma(minusTwo, sum)).intoArray(points, t + 4 * point);
        FULL_TYPE.cast(d1.fma(four, d3.fma(minusFive, d5))).intoArray(points, t + 5 * point);
      }
    }
  }

  /**
   * Transforms six products, {@code point} apart, to four outputs, {@code Aᵀ·m}; the rest is as for
   * {@link #input}.
   */
  static void output(
      float[] products,
      int from,
      int point,
      int item,
      float[] tile,
      int to,
      int column,
      int items,
      int run) {
    FloatVector two = FloatVector.broadcast(FULL, 2);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector eight = FloatVector.broadcast(FULL, 8);
    for (int i = 0; i < items; i++) {
      for (int block = 0; block < run; block += LANES) {
        int c = Math.max(0, Math.min(block, run - LANES));
        int f = from + i * item + c;
        int t = to + i * run + c;
        FloatVector m1 = FloatVector.fromArray(FULL, products, f + point);
        FloatVector m2 = FloatVector.fromArray(FULL, products, f + 2 * point);
        FloatVector m3 = FloatVector.fromArray(FULL, products, f + 3 * point);
        FloatVector m4 = FloatVector.fromArray(FULL, products, f + 4 * point);
        FloatVector m5 = FloatVector.fromArray(FULL, products, f + 5 * point);
        FloatVector p = m1.add(m2);
        FloatVector q = m1.sub(m2);
        FloatVector r = m3.add(m4);
        FloatVector s = m3.sub(m4);
        FULL_TYPE.cast(FloatVector.fromArray(FULL, products, f).add(p).add(r)).intoArray(tile, t);
        FULL_TYPE.cast(s.fma(two, q)).intoArray(tile, t + column);
        FULL_TYPE.cast(r.fma(four, p)).intoArray(tile, t + 2 * column);
        FULL_TYPE.cast(s.fma(eight, q).add(m5)).intoArray(tile, t + 3 * column);
      }
    }
  }

  /**
   * Transforms the gradients of four outputs, {@code step} apart, to six points, {@code A·dy}; the
   * rest is as for {@link #input}.
   */
  static void outputGradient(
      float[] from,
      int at,
      int step,
      int item,
      float[] points,
      int to,
      int point,
      int items,
      int run) {
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector eight = FloatVector.broadcast(FULL, 8);
    for (int i = 0; i < items; i++) {
      for (int block = 0; block < run; block += LANES) {
        int c = Math.max(0, Math.min(block, run - LANES));
        int f = at + i * item + c;
        int t = to + i * run + c;
        FloatVector d0 = FloatVector.fromArray(FULL, from, f);
        FloatVector d1 = FloatVector.fromArray(FULL, from, f + step);
        FULL_TYPE.cast(d0).intoArray(points, t);
        FloatVector d2 = FloatVector.fromArray(FULL, from, f + 2 * step);
        FloatVector d3 = FloatVector.fromArray(FULL, from, f + 3 * step);
        FloatVector even = d0.add(d2);
        FloatVector odd = d1.add(d3);
        FloatVector sum = d2.fma(four, d0);
        FloatVector difference = d3.fma(eight, d1.add(d1));
        FULL_TYPE.cast(even.add(odd)).intoArray(points, t + point);
        FULL_TYPE.cast(even.sub(odd)).intoArray(points, t + 2 * point);
        FULL_TYPE.cast(sum.add(difference)).intoArray(points, t + 3 * point);
        FULL_TYPE.cast(sum.sub(difference)).intoArray(points, t + 4 * point);
        FULL_TYPE.cast(d3).intoArray(points, t + 5 * point);
      }
    }
  }
}
