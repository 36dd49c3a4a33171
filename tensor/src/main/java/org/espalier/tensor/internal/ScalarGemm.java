package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.parallel.Parallel;

/**
 * Multiplies matrices with plain loops that C2 turns into vector code.
 *
 * <p>C2 vectorises a loop over several arrays only where all of them are indexed by the very same
 * expression (else it must fear that they overlap). So panels are copied into rows of their own and
 * the one inner loop, {@link #add4}, runs over rows from index 0. Each output is one sequential
 * chain of sums over k: zeros change no bit, whatever the blocking.
 */
final class ScalarGemm {
  /** Outputs side by side in one row of a tile. */
  static final int WIDTH = 256;

  /** Rows of a tile. */
  static final int HEIGHT = 128;

  /** Terms summed before the next panel is packed; a panel of this depth stays in the L2 cache. */
  static final int DEPTH = 128;

  private final boolean transposeA;
  private final boolean transposeB;
  private final int m;
  private final int n;
  private final int k;
  private final float[] a;
  private final float[] b;
  private final float[] row;
  private final boolean accumulate;
  private final float[] c;

  /** Whether tile rows run along the rows of c; columns, if c is taller than wide. */
  private final boolean alongRows;

  private ScalarGemm(
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
    this.transposeA = transposeA;
    this.transposeB = transposeB;
    this.m = m;
    this.n = n;
    this.k = k;
    this.a = a;
    this.b = b;
    this.row = row;
    this.accumulate = accumulate;
    this.c = c;
    this.alongRows = n >= m || n >= WIDTH;
  }

  /**
   * Computes {@code c = op(a) · op(b) (+ row) (+ c)}; see {@link
   * org.espalier.tensor.kernel.Kernels#gemm}.
   */
  static void gemm(
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
    new ScalarGemm(transposeA, transposeB, m, n, k, a, b, row, accumulate, c).run();
  }

  private void run() {
    int across = alongRows ? n : m;
    int down = alongRows ? m : n;
    int acrossTiles = tiles(across, WIDTH);
    int downTiles = tiles(down, HEIGHT);
    long work = (long) Math.min(across, WIDTH) * Math.min(down, HEIGHT) * Math.max(1, k) / 4;
    Parallel.range(
        acrossTiles * downTiles,
        Parallel.grain(work),
        (from, to) -> {
          float[][] sums = new float[Math.min(down, HEIGHT)][Math.min(across, WIDTH)];
          float[][] panel = new float[Math.min(k, DEPTH)][Math.min(across, WIDTH)];
          for (int tile = from; tile < to; tile++) {
            int left = tile % acrossTiles * WIDTH;
            int top = tile / acrossTiles * HEIGHT;
            int width = Math.min(WIDTH, across - left);
            int height = Math.min(HEIGHT, down - top);
            tile(left, width, top, height, panel, sums);
          }
        });
  }

  static int tiles(int size, int tile) {
    return (size + tile - 1) / tile;
  }

  private void tile(int left, int width, int top, int height, float[][] panel, float[][] sums) {
    start(left, width, top, height, sums);
    for (int from = 0; from < k; from += DEPTH) {
      int depth = Math.min(DEPTH, k - from);
      pack(left, width, from, depth, panel);
      for (int r = 0; r < height; r++) {
        if (alongRows) {
          int at = transposeA ? from * m + top + r : (top + r) * k + from;
          addRows(a, at, transposeA ? m : 1, panel, depth, width, sums[r]);
        } else {
          int at = transposeB ? (top + r) * k + from : from * n + top + r;
          addRows(b, at, transposeB ? 1 : n, panel, depth, width, sums[r]);
        }
      }
    }
    store(left, width, top, height, sums);
  }

  /** Starts the sums from c, from the row or from both added; else from zero. */
  private void start(int left, int width, int top, int height, float[][] sums) {
    for (int r = 0; r < height; r++) {
      float[] sum = sums[r];
      if (accumulate && alongRows) {
        System.arraycopy(c, (top + r) * n + left, sum, 0, width);
      } else if (accumulate) {
        for (int j = 0; j < width; j++) {
          sum[j] = c[(left + j) * n + top + r];
        }
      } else {
        Arrays.fill(sum, 0, width, 0);
      }
      for (int j = 0; j < width && row != null; j++) {
        float term = row[alongRows ? left + j : top + r];
        sum[j] = accumulate ? sum[j] + term : term;
      }
    }
  }

  private void pack(int left, int width, int from, int depth, float[][] panel) {
    boolean contiguous = alongRows ? !transposeB : transposeA;
    float[] source = alongRows ? b : a;
    if (contiguous) {
      int stride = alongRows ? n : m;
      for (int p = 0; p < depth; p++) {
        System.arraycopy(source, (from + p) * stride + left, panel[p], 0, width);
      }
    } else {
      transpose(source, left * k + from, k, width, depth, panel);
    }
  }

  /** Copies {@code panel[p][j] = source[at + j·stride + p]}, eight source rows at a time. */
  private static void transpose(
      float[] source, int at, int stride, int width, int depth, float[][] panel) {
    int j = 0;
    for (; j + 8 <= width; j += 8) {
      int s = at + j * stride;
      for (int p = 0; p < depth; p++) {
        float[] to = panel[p];
        to[j] = source[s + p];
        to[j + 1] = source[s + stride + p];
        to[j + 2] = source[s + 2 * stride + p];
        to[j + 3] = source[s + 3 * stride + p];
        to[j + 4] = source[s + 4 * stride + p];
        to[j + 5] = source[s + 5 * stride + p];
        to[j + 6] = source[s + 6 * stride + p];
        to[j + 7] = source[s + 7 * stride + p];
      }
    }
    for (; j < width; j++) {
      for (int p = 0; p < depth; p++) {
        panel[p][j] = source[at + j * stride + p];
      }
    }
  }

  private void store(int left, int width, int top, int height, float[][] sums) {
    if (alongRows) {
      for (int r = 0; r < height; r++) {
        System.arraycopy(sums[r], 0, c, (top + r) * n + left, width);
      }
    } else {
      for (int r = 0; r < height; r++) {
        float[] sum = sums[r];
        for (int j = 0; j < width; j++) {
          c[(left + j) * n + top + r] = sum[j];
        }
      }
    }
  }

  /**
   * Computes {@code sum[j] += Σ_p factors[at + p·stride] · rows[p][j]}, p in ascending order.
   *
   * @param sum modified
   */
  static void addRows(
      float[] factors, int at, int stride, float[][] rows, int depth, int width, float[] sum) {
    int p = 0;
    int f = at;
    for (; p + 4 <= depth; p += 4, f += 4 * stride) {
      add4(
          factors[f],
          factors[f + stride],
          factors[f + 2 * stride],
          factors[f + 3 * stride],
          rows[p],
          rows[p + 1],
          rows[p + 2],
          rows[p + 3],
          width,
          sum);
    }
    for (; p < depth; p++, f += stride) {
      add1(factors[f], rows[p], width, sum);
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
      int width,
      float[] sum) {
    for (int j = 0; j < width; j++) {
      sum[j] = sum[j] + f0 * r0[j] + f1 * r1[j] + f2 * r2[j] + f3 * r3[j];
    }
  }

  private static void add1(float factor, float[] r, int width, float[] sum) {
    for (int j = 0; j < width; j++) {
      sum[j] += factor * r[j];
    }
  }
}
