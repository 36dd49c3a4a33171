package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Computes the five one-dimensional transforms of Winograd's F(4,3) with the interpolation points
 * 0, 1, -1, 2, -2 and infinity (Lavin and Gray 2016, section 4.2), vectorised over channels.
 *
 * <p>All have one form: {@code lines} lines side by side; tap {@code t} of line {@code l} is a run
 * of channels at {@code at + l · line + t · tap}. A two-dimensional transform is two calls, over
 * rows and over columns, with the strides exchanged. The last vector of a run overlaps the one
 * before where the channels do not fill it, so there must be at least {@link VectorPanels#LANES}.
 */
final class VectorWinogradTransforms {
  private VectorWinogradTransforms() {}

  /** Transforms six inputs into six values: {@code Bᵀ·d}. */
  static void input(
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
        int c = Math.min(block, channels - LANES);
        int f = fromAt + line * fromLine + c;
        int t = toAt + line * toLine + c;
        FloatVector d0 = FloatVector.fromArray(FULL, from, f);
        FloatVector d1 = FloatVector.fromArray(FULL, from, f + fromTap);
        FloatVector d2 = FloatVector.fromArray(FULL, from, f + 2 * fromTap);
        FloatVector d3 = FloatVector.fromArray(FULL, from, f + 3 * fromTap);
        FloatVector d4 = FloatVector.fromArray(FULL, from, f + 4 * fromTap);
        FloatVector d5 = FloatVector.fromArray(FULL, from, f + 5 * fromTap);
        FloatVector e = d2.fma(FloatVector.broadcast(FULL, -4f), d4);
        FloatVector o = d1.fma(FloatVector.broadcast(FULL, -4f), d3);
        FloatVector g = d4.sub(d2);
        FloatVector h = d3.sub(d1);
        d0.fma(FloatVector.broadcast(FULL, 4f), d2.fma(FloatVector.broadcast(FULL, -5f), d4))
            .intoArray(to, t);
        e.add(o).intoArray(to, t + toTap);
        e.sub(o).intoArray(to, t + 2 * toTap);
        h.fma(FloatVector.broadcast(FULL, 2f), g).intoArray(to, t + 3 * toTap);
        h.fma(FloatVector.broadcast(FULL, -2f), g).intoArray(to, t + 4 * toTap);
        d1.fma(FloatVector.broadcast(FULL, 4f), d3.fma(FloatVector.broadcast(FULL, -5f), d5))
            .intoArray(to, t + 5 * toTap);
      }
    }
  }

  /** Transforms six products into four outputs: {@code Aᵀ·m}. */
  static void output(
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
        int c = Math.min(block, channels - LANES);
        int f = fromAt + line * fromLine + c;
        int t = toAt + line * toLine + c;
        FloatVector m0 = FloatVector.fromArray(FULL, from, f);
        FloatVector m1 = FloatVector.fromArray(FULL, from, f + fromTap);
        FloatVector m2 = FloatVector.fromArray(FULL, from, f + 2 * fromTap);
        FloatVector m3 = FloatVector.fromArray(FULL, from, f + 3 * fromTap);
        FloatVector m4 = FloatVector.fromArray(FULL, from, f + 4 * fromTap);
        FloatVector m5 = FloatVector.fromArray(FULL, from, f + 5 * fromTap);
        FloatVector p = m1.add(m2);
        FloatVector q = m1.sub(m2);
        FloatVector r = m3.add(m4);
        FloatVector s = m3.sub(m4);
        m0.add(p).add(r).intoArray(to, t);
        s.fma(FloatVector.broadcast(FULL, 2f), q).intoArray(to, t + toTap);
        r.fma(FloatVector.broadcast(FULL, 4f), p).intoArray(to, t + 2 * toTap);
        s.fma(FloatVector.broadcast(FULL, 8f), q).add(m5).intoArray(to, t + 3 * toTap);
      }
    }
  }

  /** Transforms the gradients of four outputs into six values: {@code A·dy}. */
  static void outputGradient(
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
        int c = Math.min(block, channels - LANES);
        int f = fromAt + line * fromLine + c;
        int t = toAt + line * toLine + c;
        FloatVector d0 = FloatVector.fromArray(FULL, from, f);
        FloatVector d1 = FloatVector.fromArray(FULL, from, f + fromTap);
        FloatVector d2 = FloatVector.fromArray(FULL, from, f + 2 * fromTap);
        FloatVector d3 = FloatVector.fromArray(FULL, from, f + 3 * fromTap);
        FloatVector e = d0.add(d2);
        FloatVector o = d1.add(d3);
        FloatVector g = d2.fma(FloatVector.broadcast(FULL, 4f), d0);
        FloatVector h = d3.fma(FloatVector.broadcast(FULL, 8f), d1.add(d1));
        d0.intoArray(to, t);
        e.add(o).intoArray(to, t + toTap);
        e.sub(o).intoArray(to, t + 2 * toTap);
        g.add(h).intoArray(to, t + 3 * toTap);
        g.sub(h).intoArray(to, t + 4 * toTap);
        d3.intoArray(to, t + 5 * toTap);
      }
    }
  }

  /** Transforms three weights into six values: {@code G·g}. */
  static void weight(
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
        int c = Math.min(block, channels - LANES);
        int f = fromAt + line * fromLine + c;
        int t = toAt + line * toLine + c;
        FloatVector g0 = FloatVector.fromArray(FULL, from, f);
        FloatVector g1 = FloatVector.fromArray(FULL, from, f + fromTap);
        FloatVector g2 = FloatVector.fromArray(FULL, from, f + 2 * fromTap);
        FloatVector e = g0.add(g2).mul(-1f / 6);
        FloatVector o = g1.mul(1f / 6);
        FloatVector p = g0.mul(1f / 24).add(g2.mul(1f / 6));
        FloatVector q = g1.mul(1f / 12);
        g0.mul(0.25f).intoArray(to, t);
        e.sub(o).intoArray(to, t + toTap);
        e.add(o).intoArray(to, t + 2 * toTap);
        p.add(q).intoArray(to, t + 3 * toTap);
        p.sub(q).intoArray(to, t + 4 * toTap);
        g2.intoArray(to, t + 5 * toTap);
      }
    }
  }

  /** Transforms six sums of products into the gradients of three weights: {@code Gᵀ·u}. */
  static void weightGradient(
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
        int c = Math.min(block, channels - LANES);
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
        u0.mul(0.25f).add(e).add(p.mul(1f / 24)).intoArray(to, t);
        u2.sub(u1).mul(1f / 6).add(q.mul(1f / 12)).intoArray(to, t + toTap);
        e.add(p.mul(1f / 6)).add(u5).intoArray(to, t + 2 * toTap);
      }
    }
  }
}
