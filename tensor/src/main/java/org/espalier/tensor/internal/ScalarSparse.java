package org.espalier.tensor.internal;

import java.util.Arrays;

/**
 * Does the inner loops of {@link SparseConv} with plain loops.
 *
 * <p>Runs of the planes are copied into rows that start at index 0, because only loops over equal
 * indices become vector code.
 */
class ScalarSparse implements SparseLoops {
  private static final int LANES = 16;

  /** Runs added to a sum at once. */
  private static final int TOGETHER = 4;

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
    int k = from;
    for (; k + 4 <= to; k += 4) {
      sum0 += values[k] * x[at + places[k]];
      sum1 += values[k + 1] * x[at + places[k + 1]];
      sum2 += values[k + 2] * x[at + places[k + 2]];
      sum3 += values[k + 3] * x[at + places[k + 3]];
    }
    for (; k < to; k++) {
      sum0 += values[k] * x[at + places[k]];
    }
    return sum0 + sum1 + (sum2 + sum3);
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
    int wide = strip.vectors() * LANES;
    float[] sum = new float[wide];
    float[][] runs = new float[TOGETHER][wide];
    for (int o = from; o < to; o++) {
      int at = (o - from) * wide;
      if (start == null) {
        System.arraycopy(sums, at, sum, 0, wide);
      } else {
        Arrays.fill(sum, start[o * LANES]);
      }
      int row = block * form.outputs() + o;
      add(form, form.starts()[row], form.starts()[row + 1], planes, strip.base(), runs, sum);
      System.arraycopy(sum, 0, sums, at, wide);
    }
  }

  private static void add(
      SparseForm form, int from, int to, float[] planes, int base, float[][] runs, float[] sum) {
    for (int k = from; k < to; k += TOGETHER) {
      int count = Math.min(TOGETHER, to - k);
      for (int i = 0; i < count; i++) {
        System.arraycopy(planes, base + form.offsets()[k + i], runs[i], 0, sum.length);
      }
      ScalarGemm.addRows(form.values(), k, 1, runs, count, sum.length, sum);
    }
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
    int lanes = lanes();
    for (int lane = 0; lane < lanes; lane++) {
      int source = sources[place + lane];
      int pixel = first + source * channels;
      int target = at + lane;
      if (source == SparseLayout.NONE) {
        for (int c = from; c < to; c++) {
          planes[target + c * stride] = 0;
        }
      } else {
        for (int c = from; c < to; c++) {
          planes[target + c * stride] = x[pixel + c];
        }
      }
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
    for (int lane = 0; lane < lanes(); lane++) {
      int target = targets[place + lane];
      if (target != SparseLayout.NONE) {
        int pixel = first + target * channels;
        int source = at + lane;
        for (int o = 0; o < count; o++) {
          y[pixel + o] = sums[source + o * wide];
        }
      }
    }
  }
}
