package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Transforms long runs along one axis, of Winograd's F(4, 3) (Lavin and Gray 2016, section 4.2), as
 * {@link VectorWinogradLine} does short ones. Whole vectors are read and written: behind a run lies
 * what may be overwritten.
 *
 * <p>Why not the same methods: the compiler takes the runs it has seen for all, and code made for
 * runs of some hundred floats took the wide layers, whose runs are one to four vectors, a quarter
 * longer.
 */
final class VectorWinogradRun {
  private VectorWinogradRun() {}

  /**
   * Transforms six inputs to six points, {@code Bᵀ·d}.
   *
   * @param from holds inputs 0, 2 and 4 at {@code at}, {@code second} and {@code third} floats
   *     further on, each with the next input {@code step} floats behind it
   * @param points receives the points from {@code to} on, {@code point} apart (modified)
   */
  static void input(
      float[] from,
      int at,
      int step,
      int second,
      int third,
      float[] points,
      int to,
      int point,
      int run) {
    FloatVector two = FloatVector.broadcast(FULL, 2);
    FloatVector minusTwo = FloatVector.broadcast(FULL, -2);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector minusFour = FloatVector.broadcast(FULL, -4);
    FloatVector minusFive = FloatVector.broadcast(FULL, -5);
    for (int i = 0; i < run; i += LANES) {
      int f = at + i;
      int t = to + i;
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

  /**
   * Transforms six products, {@code point} apart, to four outputs, {@code row} apart, {@code Aᵀ·m}.
   *
   * @param outputs receives the outputs from {@code to} on (modified)
   */
  static void output(
      float[] products, int from, int point, float[] outputs, int to, int row, int run) {
    FloatVector two = FloatVector.broadcast(FULL, 2);
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector eight = FloatVector.broadcast(FULL, 8);
    for (int i = 0; i < run; i += LANES) {
      int f = from + i;
      int t = to + i;
      FloatVector m1 = FloatVector.fromArray(FULL, products, f + point);
      FloatVector m2 = FloatVector.fromArray(FULL, products, f + 2 * point);
      FloatVector m3 = FloatVector.fromArray(FULL, products, f + 3 * point);
      FloatVector m4 = FloatVector.fromArray(FULL, products, f + 4 * point);
      FloatVector m5 = FloatVector.fromArray(FULL, products, f + 5 * point);
      FloatVector p = m1.add(m2);
      FloatVector q = m1.sub(m2);
      FloatVector r = m3.add(m4);
      FloatVector s = m3.sub(m4);
      FULL_TYPE.cast(FloatVector.fromArray(FULL, products, f).add(p).add(r)).intoArray(outputs, t);
      FULL_TYPE.cast(s.fma(two, q)).intoArray(outputs, t + row);
      FULL_TYPE.cast(r.fma(four, p)).intoArray(outputs, t + 2 * row);
      FULL_TYPE.cast(s.fma(eight, q).add(m5)).intoArray(outputs, t + 3 * row);
    }
  }
}
