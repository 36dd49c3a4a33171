package org.espalier.tensor.kernel;

import java.util.Arrays;

/**
 * Multiplies small matrices with plain loops in the calling thread, bit by bit as a kernel set
 * would: what the first products of a process run on, before that set is worth loading.
 *
 * <p>Each element is one chain of additions in the order of k from its start value. With fused
 * multiply-adds it has the bits of the vector set, with products and sums those of the scalar set.
 */
final class EarlyProduct {
  /**
   * Columns done at a time. Short stretches, because this runs cold: a method that is called often
   * is compiled at once, one that loops long first for the loop it is in, and then again. The first
   * product of 256x256 takes 12 ms instead of 20.
   */
  private static final int STRETCH = 32;

  private final boolean fused;

  /** Creates the product of the vector set (fused) or of the scalar set. */
  EarlyProduct(boolean fused) {
    this.fused = fused;
  }

  /** Computes {@code c = op(a) · op(b) (+ row) (+ c)} as {@link Kernels#gemm} does. */
  void run(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float[] a,
      float[] b,
      float[] row,
      boolean accumulate,
      float[] c) {
    float[][] right = rows(transposeB, n, k, b);
    float[] sum = new float[n];
    for (int i = 0; i < m; i++) {
      start(accumulate ? c : null, i * n, row, sum);
      int at = transposeA ? i : i * k;
      int step = transposeA ? m : 1;
      for (int from = 0; from < n; from += STRETCH) {
        add(a, at, step, right, from, Math.min(n, from + STRETCH), sum);
      }
      System.arraycopy(sum, 0, c, i * n, n);
    }
  }

  /** Copies the right matrix by rows; arrays with one index in common make vector loops. */
  private static float[][] rows(boolean transposed, int n, int k, float[] b) {
    float[][] rows = new float[k][n];
    for (int p = 0; p < k; p++) {
      if (transposed) {
        for (int j = 0; j < n; j++) {
          rows[p][j] = b[j * k + p];
        }
      } else {
        System.arraycopy(b, p * n, rows[p], 0, n);
      }
    }
    return rows;
  }

  private static void start(float[] c, int at, float[] row, float[] sum) {
    if (c != null) {
      System.arraycopy(c, at, sum, 0, sum.length);
      for (int j = 0; j < sum.length && row != null; j++) {
        sum[j] += row[j];
      }
    } else if (row != null) {
      System.arraycopy(row, 0, sum, 0, sum.length);
    } else {
      Arrays.fill(sum, 0);
    }
  }

  private void add(
      float[] factors, int at, int step, float[][] right, int from, int to, float[] sum) {
    int p = 0;
    int f = at;
    for (; p + 4 <= right.length; p += 4, f += 4 * step) {
      float f0 = factors[f];
      float f1 = factors[f + step];
      float f2 = factors[f + 2 * step];
      float f3 = factors[f + 3 * step];
      if (fused) {
        fuse4(f0, f1, f2, f3, right[p], right[p + 1], right[p + 2], right[p + 3], from, to, sum);
      } else {
        add4(f0, f1, f2, f3, right[p], right[p + 1], right[p + 2], right[p + 3], from, to, sum);
      }
    }
    for (; p < right.length; p++, f += step) {
      if (fused) {
        fuse1(factors[f], right[p], from, to, sum);
      } else {
        add1(factors[f], right[p], from, to, sum);
      }
    }
  }

  private static void fuse4(
      float f0,
      float f1,
      float f2,
      float f3,
      float[] r0,
      float[] r1,
      float[] r2,
      float[] r3,
      int from,
      int to,
      float[] sum) {
    for (int j = from; j < to; j++) {
      float two = Math.fma(f1, r1[j], Math.fma(f0, r0[j], sum[j]));
      sum[j] = Math.fma(f3, r3[j], Math.fma(f2, r2[j], two));
    }
  }

  private static void fuse1(float factor, float[] r, int from, int to, float[] sum) {
    for (int j = from; j < to; j++) {
      sum[j] = Math.fma(factor, r[j], sum[j]);
    }
  }

  private static void add4(
      float f0,
      float f1,
      float f2,
      float f3,
      float[] r0,
      float[] r1,
      float[] r2,
      float[] r3,
      int from,
      int to,
      float[] sum) {
    for (int j = from; j < to; j++) {
      sum[j] = sum[j] + f0 * r0[j] + f1 * r1[j] + f2 * r2[j] + f3 * r3[j];
    }
  }

  private static void add1(float factor, float[] r, int from, int to, float[] sum) {
    for (int j = from; j < to; j++) {
      sum[j] += factor * r[j];
    }
  }
}
