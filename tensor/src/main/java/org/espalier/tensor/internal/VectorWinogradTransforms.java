package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Computes the one-dimensional transforms of weights of Winograd's F(4, 3) (Lavin and Gray 2016,
 * section 4.2) and F(4, 5), vectorised over channels.
 *
 * <p>Both have one form: {@code lines} lines side by side; tap {@code t} of line {@code l} is a run
 * of channels at {@code at + l · line + t · tap}. A two-dimensional transform is two calls, over
 * rows and over columns, with the strides exchanged. The last vector of a run overlaps the one
 * before where the channels do not fill it; a run shorter than a vector is read and written with
 * what lies behind it.
 */
final class VectorWinogradTransforms {
  private VectorWinogradTransforms() {}

  /** Transforms three weights into six values, five into eight: {@code G·g}. */
  static void weight(
      int taps,
      float[] from,
      int fromAt,
      int fromTap,
      int fromLine,
      float[] to,
      int toAt,
      int toTap,
      int toLine,
      int lines,
      int channels) {
    if (taps == 3) {
      three(from, fromAt, fromTap, fromLine, to, toAt, toTap, toLine, lines, channels);
    } else {
      five(from, fromAt, fromTap, fromLine, to, toAt, toTap, toLine, lines, channels);
    }
  }

  private static void three(
      float[] from,
      int fromAt,
      int fromTap,
      int fromLine,
      float[] to,
      int toAt,
      int toTap,
      int toLine,
      int lines,
      int channels) {
    for (int line = 0; line < lines; line++) {
      for (int block = 0; block < channels; block += LANES) {
        int c = Math.max(0, Math.min(block, channels - LANES));
        int f = fromAt + line * fromLine + c;
        int t = toAt + line * toLine + c;
        FloatVector g0 = FloatVector.fromArray(FULL, from, f);
        FloatVector g1 = FloatVector.fromArray(FULL, from, f + fromTap);
        FloatVector g2 = FloatVector.fromArray(FULL, from, f + 2 * fromTap);
        FloatVector e = g0.add(g2).mul(-1f / 6);
        FloatVector o = g1.mul(1f / 6);
        FloatVector p = g0.mul(1f / 24).add(g2.mul(1f / 6));
        FloatVector q = g1.mul(1f / 12);
        FULL_TYPE.cast(g0.mul(0.25f)).intoArray(to, t);
        FULL_TYPE.cast(e.sub(o)).intoArray(to, t + toTap);
        FULL_TYPE.cast(e.add(o)).intoArray(to, t + 2 * toTap);
        FULL_TYPE.cast(p.add(q)).intoArray(to, t + 3 * toTap);
        FULL_TYPE.cast(p.sub(q)).intoArray(to, t + 4 * toTap);
        FULL_TYPE.cast(g2).intoArray(to, t + 5 * toTap);
      }
    }
  }

  private static void five(
      float[] from,
      int fromAt,
      int fromTap,
      int fromLine,
      float[] to,
      int toAt,
      int toTap,
      int toLine,
      int lines,
      int channels) {
    FloatVector four = FloatVector.broadcast(FULL, 4);
    FloatVector sixteen = FloatVector.broadcast(FULL, 16);
    for (int line = 0; line < lines; line++) {
      for (int block = 0; block < channels; block += LANES) {
        int c = Math.max(0, Math.min(block, channels - LANES));
        int f = fromAt + line * fromLine + c;
        int t = toAt + line * toLine + c;
        FloatVector g0 = FloatVector.fromArray(FULL, from, f);
        FloatVector g1 = FloatVector.fromArray(FULL, from, f + fromTap);
        FloatVector g2 = FloatVector.fromArray(FULL, from, f + 2 * fromTap);
        FloatVector g3 = FloatVector.fromArray(FULL, from, f + 3 * fromTap);
        FloatVector g4 = FloatVector.fromArray(FULL, from, f + 4 * fromTap);
        FloatVector e = g0.add(g2).add(g4).mul(-2f / 9);
        FloatVector o = g1.add(g3).mul(2f / 9);
        FloatVector p = g4.fma(sixteen, g2.fma(four, g0)).mul(1f / 90);
        FloatVector q = g3.fma(four, g1).mul(1f / 45);
        FloatVector r = g0.fma(sixteen, g2.fma(four, g4)).mul(2f / 45);
        FloatVector s = g1.fma(four, g3).mul(4f / 45);
        FULL_TYPE.cast(g0).intoArray(to, t);
        FULL_TYPE.cast(e.sub(o)).intoArray(to, t + toTap);
        FULL_TYPE.cast(e.add(o)).intoArray(to, t + 2 * toTap);
        FULL_TYPE.cast(p.add(q)).intoArray(to, t + 3 * toTap);
        FULL_TYPE.cast(p.sub(q)).intoArray(to, t + 4 * toTap);
        FULL_TYPE.cast(r.add(s)).intoArray(to, t + 5 * toTap);
        FULL_TYPE.cast(r.sub(s)).intoArray(to, t + 6 * toTap);
        FULL_TYPE.cast(g4).intoArray(to, t + 7 * toTap);
      }
    }
  }

  /** Transforms sums of products into the gradients of three or five weights: {@code Gᵀ·u}. */
  static void weightGradient(
      int taps,
      float[] from,
      int fromAt,
      int fromTap,
      int fromLine,
      float[] to,
      int toAt,
      int toTap,
      int toLine,
      int lines,
      int channels) {
    if (taps == 3) {
      threeGradients(from, fromAt, fromTap, fromLine, to, toAt, toTap, toLine, lines, channels);
    } else {
      fiveGradients(from, fromAt, fromTap, fromLine, to, toAt, toTap, toLine, lines, channels);
    }
  }

  private static void threeGradients(
      float[] from,
      int fromAt,
      int fromTap,
      int fromLine,
      float[] to,
      int toAt,
      int toTap,
      int toLine,
      int lines,
      int channels) {
    for (int line = 0; line < lines; line++) {
      for (int block = 0; block < channels; block += LANES) {
        int c = Math.max(0, Math.min(block, channels - LANES));
        int f = fromAt + line * fromLine + c;
        int t = toAt + line * toLine + c;
        FloatVector u0 = FloatVector.fromArray(FULL, from, f);
        FloatVector u1 = FloatVector.fromArray(FULL, from, f + fromTap);
        FloatVector u2 = FloatVector.fromArray(FULL, from, f + 2 * fromTap);
        FloatVector u3 = FloatVector.fromArray(FULL, from, f + 3 * fromTap);
        FloatVector u4 = FloatVector.fromArray(FULL, from, f + 4 * fromTap);
        FloatVector u5 = FloatVector.fromArray(FULL, from, f + 5 * fromTap);
        FloatVector e = u1.add(u2).mul(-1f / 6);
        FloatVector p = u3.add(u4);
        FloatVector q = u3.sub(u4);
        FULL_TYPE.cast(u0.mul(0.25f).add(e).add(p.mul(1f / 24))).intoArray(to, t);
        FULL_TYPE.cast(u2.sub(u1).mul(1f / 6).add(q.mul(1f / 12))).intoArray(to, t + toTap);
        FULL_TYPE.cast(e.add(p.mul(1f / 6)).add(u5)).intoArray(to, t + 2 * toTap);
      }
    }
  }

  private static void fiveGradients(
      float[] from,
      int fromAt,
      int fromTap,
      int fromLine,
      float[] to,
      int toAt,
      int toTap,
      int toLine,
      int lines,
      int channels) {
    for (int line = 0; line < lines; line++) {
      for (int block = 0; block < channels; block += LANES) {
        int c = Math.max(0, Math.min(block, channels - LANES));
        int f = fromAt + line * fromLine + c;
        int t = toAt + line * toLine + c;
        FloatVector u0 = FloatVector.fromArray(FULL, from, f);
        FloatVector u1 = FloatVector.fromArray(FULL, from, f + fromTap);
        FloatVector u2 = FloatVector.fromArray(FULL, from, f + 2 * fromTap);
        FloatVector u3 = FloatVector.fromArray(FULL, from, f + 3 * fromTap);
        FloatVector u4 = FloatVector.fromArray(FULL, from, f + 4 * fromTap);
        FloatVector u5 = FloatVector.fromArray(FULL, from, f + 5 * fromTap);
        FloatVector u6 = FloatVector.fromArray(FULL, from, f + 6 * fromTap);
        FloatVector u7 = FloatVector.fromArray(FULL, from, f + 7 * fromTap);
        FloatVector e = u1.add(u2).mul(-2f / 9);
        FloatVector o = u2.sub(u1).mul(2f / 9);
        FloatVector p = u3.add(u4).mul(1f / 90);
        FloatVector q = u3.sub(u4).mul(1f / 45);
        FloatVector r = u5.add(u6).mul(2f / 45);
        FloatVector s = u5.sub(u6).mul(4f / 45);
        FULL_TYPE.cast(u0.add(e).add(p.add(r.mul(16)))).intoArray(to, t);
        FULL_TYPE.cast(o.add(q.add(s.mul(4)))).intoArray(to, t + toTap);
        FULL_TYPE.cast(e.add(p.mul(4).add(r.mul(4)))).intoArray(to, t + 2 * toTap);
        FULL_TYPE.cast(o.add(q.mul(4).add(s))).intoArray(to, t + 3 * toTap);
        FULL_TYPE.cast(e.add(p.mul(16).add(r)).add(u7)).intoArray(to, t + 4 * toTap);
      }
    }
  }
}
