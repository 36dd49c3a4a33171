package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Does the inner loops of {@link SparseConv} with vectors: a weight is one broadcast and as many
 * multiply-adds as the strip has vectors, each of which loads its inputs.
 *
 * <p>Loads cross a cache line nearly always, so two cycles each are the limit, half of what the
 * processor can multiply; strips of eight vectors reach it. Narrow strips sum several chains, for
 * one would wait for itself.
 */
final class VectorSparse extends ScalarSparse {
  @Override
  public int lanes() {
    return LANES;
  }

  @Override
  public float dot(int[] places, float[] values, int from, int to, float[] x, int at) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    float sum4 = 0;
    float sum5 = 0;
    float sum6 = 0;
    float sum7 = 0;
    int k = from;
    for (; k + 8 <= to; k += 8) {
      sum0 = Math.fma(values[k], x[at + places[k]], sum0);
      sum1 = Math.fma(values[k + 1], x[at + places[k + 1]], sum1);
      sum2 = Math.fma(values[k + 2], x[at + places[k + 2]], sum2);
      sum3 = Math.fma(values[k + 3], x[at + places[k + 3]], sum3);
      sum4 = Math.fma(values[k + 4], x[at + places[k + 4]], sum4);
      sum5 = Math.fma(values[k + 5], x[at + places[k + 5]], sum5);
      sum6 = Math.fma(values[k + 6], x[at + places[k + 6]], sum6);
      sum7 = Math.fma(values[k + 7], x[at + places[k + 7]], sum7);
    }
    for (; k < to; k++) {
      sum0 = Math.fma(values[k], x[at + places[k]], sum0);
    }
    return sum0 + sum1 + (sum2 + sum3) + (sum4 + sum5 + (sum6 + sum7));
  }

  @Override
  public void sum(
      SparseForm form,
      int block,
      int from,
      int to,
      float[] planes,
      SparseLayout.Strip strip,
      float[] start,
      float[] sums) {
    int[] starts = form.starts();
    int[] offsets = form.offsets();
    float[] values = form.values();
    int base = strip.base();
    int wide = strip.vectors() * LANES;
    // Sums go on from memory or start from one vector again and again: a choice between arrays.
    float[] before = start == null ? sums : start;
    int step = start == null ? LANES : 0;
    for (int o = from; o < to; o++) {
      int first = starts[block * form.outputs() + o];
      int end = starts[block * form.outputs() + o + 1];
      int at = (o - from) * wide;
      int begin = start == null ? at : o * LANES;
      switch (strip.vectors()) {
        case 8 -> eight(offsets, values, first, end, planes, base, before, begin, step, sums, at);
        case 4 -> four(offsets, values, first, end, planes, base, before, begin, step, sums, at);
        case 2 -> two(offsets, values, first, end, planes, base, before, begin, step, sums, at);
        default -> one(offsets, values, first, end, planes, base, before, begin, sums, at);
      }
    }
  }

  private static void eight(
      int[] offsets,
      float[] values,
      int from,
      int to,
      float[] x,
      int base,
      float[] before,
      int begin,
      int step,
      float[] sums,
      int at) {
    FloatVector s0 = FloatVector.fromArray(FULL, before, begin);
    FloatVector s1 = FloatVector.fromArray(FULL, before, begin + step);
    FloatVector s2 = FloatVector.fromArray(FULL, before, begin + 2 * step);
    FloatVector s3 = FloatVector.fromArray(FULL, before, begin + 3 * step);
    FloatVector s4 = FloatVector.fromArray(FULL, before, begin + 4 * step);
    FloatVector s5 = FloatVector.fromArray(FULL, before, begin + 5 * step);
    FloatVector s6 = FloatVector.fromArray(FULL, before, begin + 6 * step);
    FloatVector s7 = FloatVector.fromArray(FULL, before, begin + 7 * step);
    for (int k = from; k < to; k++) {
      FloatVector w = FloatVector.broadcast(FULL, values[k]);
      int p = base + offsets[k];
      s0 = w.fma(FloatVector.fromArray(FULL, x, p), s0);
      s1 = w.fma(FloatVector.fromArray(FULL, x, p + LANES), s1);
      s2 = w.fma(FloatVector.fromArray(FULL, x, p + 2 * LANES), s2);
      s3 = w.fma(FloatVector.fromArray(FULL, x, p + 3 * LANES), s3);
      s4 = w.fma(FloatVector.fromArray(FULL, x, p + 4 * LANES), s4);
      s5 = w.fma(FloatVector.fromArray(FULL, x, p + 5 * LANES), s5);
      s6 = w.fma(FloatVector.fromArray(FULL, x, p + 6 * LANES), s6);
      s7 = w.fma(FloatVector.fromArray(FULL, x, p + 7 * LANES), s7);
    }
    FULL_TYPE.cast(s0).intoArray(sums, at);
    FULL_TYPE.cast(s1).intoArray(sums, at + LANES);
    FULL_TYPE.cast(s2).intoArray(sums, at + 2 * LANES);
    FULL_TYPE.cast(s3).intoArray(sums, at + 3 * LANES);
    FULL_TYPE.cast(s4).intoArray(sums, at + 4 * LANES);
    FULL_TYPE.cast(s5).intoArray(sums, at + 5 * LANES);
    FULL_TYPE.cast(s6).intoArray(sums, at + 6 * LANES);
    FULL_TYPE.cast(s7).intoArray(sums, at + 7 * LANES);
  }

  private static void four(
      int[] offsets,
      float[] values,
      int from,
      int to,
      float[] x,
      int base,
      float[] before,
      int begin,
      int step,
      float[] sums,
      int at) {
    FloatVector s0 = FloatVector.fromArray(FULL, before, begin);
    FloatVector s1 = FloatVector.fromArray(FULL, before, begin + step);
    FloatVector s2 = FloatVector.fromArray(FULL, before, begin + 2 * step);
    FloatVector s3 = FloatVector.fromArray(FULL, before, begin + 3 * step);
    for (int k = from; k < to; k++) {
      FloatVector w = FloatVector.broadcast(FULL, values[k]);
      int p = base + offsets[k];
      s0 = w.fma(FloatVector.fromArray(FULL, x, p), s0);
      s1 = w.fma(FloatVector.fromArray(FULL, x, p + LANES), s1);
      s2 = w.fma(FloatVector.fromArray(FULL, x, p + 2 * LANES), s2);
      s3 = w.fma(FloatVector.fromArray(FULL, x, p + 3 * LANES), s3);
    }
    FULL_TYPE.cast(s0).intoArray(sums, at);
    FULL_TYPE.cast(s1).intoArray(sums, at + LANES);
    FULL_TYPE.cast(s2).intoArray(sums, at + 2 * LANES);
    FULL_TYPE.cast(s3).intoArray(sums, at + 3 * LANES);
  }

  private static void two(
      int[] offsets,
      float[] values,
      int from,
      int to,
      float[] x,
      int base,
      float[] before,
      int begin,
      int step,
      float[] sums,
      int at) {
    FloatVector s0 = FloatVector.fromArray(FULL, before, begin);
    FloatVector s1 = FloatVector.fromArray(FULL, before, begin + step);
    FloatVector t0 = FloatVector.zero(FULL);
    FloatVector t1 = FloatVector.zero(FULL);
    int even = from + (to - from) / 2 * 2;
    for (int k = from; k < even; k += 2) {
      int p = base + offsets[k];
      FloatVector w = FloatVector.broadcast(FULL, values[k]);
      s0 = w.fma(FloatVector.fromArray(FULL, x, p), s0);
      s1 = w.fma(FloatVector.fromArray(FULL, x, p + LANES), s1);
      int q = base + offsets[k + 1];
      FloatVector v = FloatVector.broadcast(FULL, values[k + 1]);
      t0 = v.fma(FloatVector.fromArray(FULL, x, q), t0);
      t1 = v.fma(FloatVector.fromArray(FULL, x, q + LANES), t1);
    }
    s0 = FULL_TYPE.cast(s0).add(FULL_TYPE.cast(t0));
    s1 = FULL_TYPE.cast(s1).add(FULL_TYPE.cast(t1));
    if (even < to) {
      int p = base + offsets[even];
      FloatVector w = FloatVector.broadcast(FULL, values[even]);
      FULL_TYPE.cast(w.fma(FloatVector.fromArray(FULL, x, p), s0)).intoArray(sums, at);
      FULL_TYPE
          .cast(w.fma(FloatVector.fromArray(FULL, x, p + LANES), s1))
          .intoArray(sums, at + LANES);
    } else {
      FULL_TYPE.cast(s0).intoArray(sums, at);
      FULL_TYPE.cast(s1).intoArray(sums, at + LANES);
    }
  }

  private static void one(
      int[] offsets,
      float[] values,
      int from,
      int to,
      float[] x,
      int base,
      float[] before,
      int begin,
      float[] sums,
      int at) {
    FloatVector s0 = FloatVector.fromArray(FULL, before, begin);
    FloatVector s1 = FloatVector.zero(FULL);
    FloatVector s2 = FloatVector.zero(FULL);
    FloatVector s3 = FloatVector.zero(FULL);
    int whole = from + (to - from) / 4 * 4;
    for (int k = from; k < whole; k += 4) {
      FloatVector w0 = FloatVector.broadcast(FULL, values[k]);
      s0 = w0.fma(FloatVector.fromArray(FULL, x, base + offsets[k]), s0);
      FloatVector w1 = FloatVector.broadcast(FULL, values[k + 1]);
      s1 = w1.fma(FloatVector.fromArray(FULL, x, base + offsets[k + 1]), s1);
      FloatVector w2 = FloatVector.broadcast(FULL, values[k + 2]);
      s2 = w2.fma(FloatVector.fromArray(FULL, x, base + offsets[k + 2]), s2);
      FloatVector w3 = FloatVector.broadcast(FULL, values[k + 3]);
      s3 = w3.fma(FloatVector.fromArray(FULL, x, base + offsets[k + 3]), s3);
    }
    FloatVector s = FULL_TYPE.cast(s0).add(FULL_TYPE.cast(s1));
    s = s.add(FULL_TYPE.cast(s2).add(FULL_TYPE.cast(s3)));
    for (int k = whole; k < to; k++) {
      FloatVector w = FloatVector.broadcast(FULL, values[k]);
      s = w.fma(FloatVector.fromArray(FULL, x, base + offsets[k]), s);
    }
    FULL_TYPE.cast(s).intoArray(sums, at);
  }

  @Override
  public void pack(
      float[] x,
      int first,
      int channels,
      int from,
      int to,
      int[] sources,
      int place,
      float[] planes,
      int at,
      int stride,
      float[] square) {
    if (!VectorTurn.serves(to - from)) {
      super.pack(x, first, channels, from, to, sources, place, planes, at, stride, square);
      return;
    }
    for (int c = from; c < to; c += LANES) {
      int channel = Math.min(c, to - LANES);
      VectorTurn.gather(x, first + channel, channels, sources, place, square);
      VectorTurn.place(square, planes, at + channel * stride, stride);
    }
  }

  @Override
  public void unpack(
      float[] sums,
      int wide,
      int at,
      int count,
      int[] targets,
      int place,
      float[] y,
      int first,
      int channels,
      float[] square) {
    if (!VectorTurn.serves(count)) {
      super.unpack(sums, wide, at, count, targets, place, y, first, channels, square);
      return;
    }
    for (int o = 0; o < count; o += LANES) {
      int from = Math.min(o, count - LANES);
      VectorTurn.take(sums, at + from * wide, wide, square);
      VectorTurn.scatter(square, targets, place, y, first + from, channels);
    }
  }
}
