package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.DEPTH;
import static org.espalier.tensor.internal.VectorPanels.WIDEST;

import org.espalier.tensor.internal.VectorProduct.Lines;

/**
 * Multiplies matrices: {@code c = op(a) · op(b) (+ row) (+ c)}.
 *
 * <p>The right matrix is packed into panels once, then blocks of c are computed in parallel, each
 * in slices of {@link VectorPanels#DEPTH} products that continue the sums already in c. The left
 * matrix is read where it lies. So each element of c is one chain of fused multiply-adds in the
 * order of k from its start value, whatever the sizes, the transpositions and the number of
 * threads; sums of masked and of cut matrices agree bit by bit.
 */
final class VectorGemm {
  /** Rows of one block of c: 16 tiles; with 256 steps 96 KiB of a, a tenth of an L2 cache. */
  private static final int BLOCK_ROWS = 96;

  /** Columns of one block of c: enough panels to pay for reading the rows of a. */
  private static final int BLOCK_COLUMNS = 4 * WIDEST;

  /** Rows up to which packing the right matrix costs more than reading it where it lies. */
  private static final int THIN = 24;

  /** Floats of the right matrix packed at once: 32 MiB. */
  private static final int PACKED = 1 << 23;

  private VectorGemm() {}

  /**
   * Computes {@code c = op(a) · op(b) (+ row) (+ c)} for matrices of m×k and k×n after
   * transposition.
   *
   * @param transposeA a is stored as {@code [k, m]} instead of {@code [m, k]}
   * @param transposeB b is stored as {@code [n, k]} instead of {@code [k, n]}
   * @param row n numbers added to each row of c, or null
   * @param accumulate add to what c holds instead of overwriting it
   * @param c receives the product (modified)
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
    boolean continued = accumulate;
    float[] start = row;
    if (accumulate && row != null) {
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          c[i * n + j] += row[j];
        }
      }
      start = null;
    }
    long turned = (long) m * k + (long) m * n;
    if (transposeB && turned < (long) n * k) {
      turned(transposeA, m, n, k, a, b, start, continued, c);
      return;
    }
    int step = columnsAtOnce(n, k);
    for (int j = 0; j < n; j += step) {
      columns(transposeA, transposeB, m, n, k, j, Math.min(step, n - j), a, b, start, continued, c);
    }
  }

  private static int columnsAtOnce(int n, int k) {
    long fit = PACKED / Math.max(1, k) / BLOCK_COLUMNS * BLOCK_COLUMNS;
    return (int) Math.min(n, Math.max(BLOCK_COLUMNS, fit));
  }

  /** Computes columns {@code first} to {@code first + count} of c. */
  private static void columns(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      int first,
      int count,
      float[] a,
      float[] b,
      float[] row,
      boolean accumulate,
      float[] c) {
    int inPlace = transposeB || m > THIN ? 0 : count / WIDEST * WIDEST;
    int padded = VectorPanels.padded(count - inPlace);
    float[] packed = Scratch.take((long) padded * k);
    pack(transposeB, k, count - inPlace, b, transposeB ? first * k : first + inPlace, n, packed);
    int across = (count + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
    int down = (m + BLOCK_ROWS - 1) / BLOCK_ROWS;
    long work = (long) BLOCK_ROWS * BLOCK_COLUMNS * k / VectorPanels.LANES;
    Parallel.range(
        across * down,
        Parallel.grain(work),
        (from, to) -> {
          VectorProduct product = new VectorProduct();
          for (int block = from; block < to; block++) {
            int i = block / across * BLOCK_ROWS;
            int j = block % across * BLOCK_COLUMNS;
            int rows = Math.min(BLOCK_ROWS, m - i);
            int end = Math.min(count, j + BLOCK_COLUMNS);
            int p = 0;
            do {
              int depth = Math.min(DEPTH, k - p);
              if (transposeA) {
                product.leftColumns(a, p * m + i, m);
              } else {
                product.left(a, Lines.of(i * k + p, k));
              }
              if (p > 0 || accumulate) {
                product.fromTarget();
              }
              int split = Math.max(j, Math.min(end, inPlace));
              if (split > j) {
                if (p == 0 && !accumulate) {
                  product.fromRow(row, first + j);
                }
                product.right(b, p * n + first + j, n);
                product.into(c, Lines.of(i * n + first + j, n)).run(rows, split - j, depth);
              }
              if (end > split) {
                if (p == 0 && !accumulate) {
                  product.fromRow(row, first + split);
                }
                product.panels(packed, p * padded + (split - inPlace) * depth);
                product.into(c, Lines.of(i * n + first + split, n)).run(rows, end - split, depth);
              }
              p += depth;
            } while (p < k);
          }
        });
    Scratch.give(packed);
  }

  /** Packs all slices of the right matrix, in parallel over slices and groups of columns. */
  static void pack(
      boolean transposed, int k, int columns, float[] b, int at, int n, float[] packed) {
    int padded = VectorPanels.padded(columns);
    int groups = (columns + WIDEST - 1) / WIDEST;
    int slices = (k + DEPTH - 1) / DEPTH;
    int stride = transposed ? k : n;
    Parallel.range(
        groups * slices,
        Parallel.grain((long) DEPTH * WIDEST / 2),
        (from, to) -> {
          for (int item = from; item < to; item++) {
            int p = item / groups * DEPTH;
            int j = item % groups * WIDEST;
            int depth = Math.min(DEPTH, k - p);
            VectorPanels.pack(
                transposed,
                depth,
                Math.min(WIDEST, columns - j),
                b,
                transposed ? at + j * stride + p : at + p * stride + j,
                stride,
                packed,
                p * padded + j * depth);
          }
        });
  }

  /**
   * Computes the transposed product, {@code cᵀ = op(b)ᵀ · op(a)ᵀ}: where b is stored transposed and
   * a is thin, turning a and c around moves less than packing b.
   */
  private static void turned(
      boolean transposeA,
      int m,
      int n,
      int k,
      float[] a,
      float[] b,
      float[] row,
      boolean accumulate,
      float[] c) {
    float[] result = Scratch.take((long) n * m);
    if (accumulate) {
      VectorPanels.turn(m, n, c, 0, n, result, 0, m);
    } else {
      for (int j = 0; j < n; j++) {
        java.util.Arrays.fill(result, j * m, (j + 1) * m, row == null ? 0 : row[j]);
      }
    }
    gemm(false, !transposeA, n, m, k, b, a, null, true, result);
    VectorPanels.turn(n, m, result, 0, m, c, 0, n);
    Scratch.give(result);
  }
}
