package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.DEPTH;
import static org.espalier.tensor.internal.VectorPanels.WIDEST;

import java.util.Arrays;
import org.espalier.tensor.internal.VectorProduct.Lines;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.parallel.Parallel;

/**
 * Multiplies matrices: {@code c = op(a) · op(b) (+ row) (+ c)}.
 *
 * <p>The right matrix is packed into panels once, then blocks of c are computed in parallel, each
 * in slices of {@link VectorPanels#DEPTH} products that continue the sums already in c. So each
 * element of c is one chain of fused multiply-adds in the order of k from its start value, whatever
 * the sizes, the transpositions and the number of threads; sums of masked and of cut matrices agree
 * bit by bit.
 *
 * <p>Packing is left out where it would cost more than it brings: the left matrix is read where it
 * lies if there are few columns, the right one if there are few rows, and where the right one is
 * stored transposed, both are exchanged if that takes less time.
 */
final class VectorGemm {
  /** Rows of one block of c: 16 tiles; with 256 steps 96 KiB of a, a tenth of an L2 cache. */
  private static final int BLOCK_ROWS = 96;

  /** Blocks of rows aimed at: enough for eight threads. */
  private static final int BLOCKS = 8;

  /** Columns of one block where rows alone make enough blocks for some threads. */
  private static final int BLOCK_COLUMNS = 16 * WIDEST;

  /** Columns of one block where they do not. */
  private static final int NARROW_COLUMNS = 4 * WIDEST;

  /** Columns from which packing the left matrix, one store an element, costs less than a tenth. */
  private static final int PACK_LEFT = 4 * WIDEST;

  /** Rows up to which packing the right matrix costs more than reading it where it lies. */
  private static final int THIN = 24;

  /** Floats of the right matrix packed at once: 32 MiB. */
  private static final int PACKED = 1 << 23;

  private final boolean transposeA;
  private final boolean transposeB;
  private final int m;
  private final int n;
  private final int k;
  private final float[] a;
  private final VectorWeight b;
  private final float[] row;
  private final boolean accumulate;
  private final Clamp clamp;
  private final float[] c;
  private final Lines leftRows;
  private final Lines targetRows;

  /** Steps of each slice but the last: all about equal, so that none is too short to pay. */
  private final int sliceDepth;

  private VectorGemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float[] a,
      VectorWeight b,
      float[] row,
      boolean accumulate,
      Clamp clamp,
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
    this.clamp = clamp;
    this.sliceDepth = VectorPanels.sliceDepth(k);
    this.c = c;
    this.leftRows = Lines.of(0, k);
    this.targetRows = Lines.of(0, n);
  }

  /**
   * Computes {@code c = op(a) · op(b) (+ row) (+ c)} for matrices of m×k and k×n after
   * transposition.
   *
   * @param transposeA a is stored as {@code [k, m]} instead of {@code [m, k]}
   * @param transposeB b is stored as {@code [n, k]} instead of {@code [k, n]}
   * @param row n numbers added to each row of c, or null
   * @param accumulate add to what c holds instead of overwriting it
   * @param clamp the interval that the elements of c are clamped to, or null
   * @param c receives the product (modified)
   */
  static void gemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float[] a,
      VectorWeight b,
      float[] row,
      boolean accumulate,
      Clamp clamp,
      float[] c) {
    float[] start = row;
    if (accumulate && row != null) {
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          c[i * n + j] += row[j];
        }
      }
      start = null;
    }
    VectorGemm gemm =
        new VectorGemm(transposeA, transposeB, m, n, k, a, b, start, accumulate, clamp, c);
    if (transposeB && !b.isFrozen() && gemm.isExchangeFaster()) {
      gemm.exchanged();
    } else {
      gemm.run();
    }
  }

  /**
   * Weighs tiles and turned elements of both ways; the sums are the same to the bit. One thread
   * turns what is exchanged, into memory of its own: never more than the right side, or a little.
   */
  private boolean isExchangeFaster() {
    long moved = (long) m * k + (long) m * n;
    if (moved >= (long) n * k && moved > VectorPanels.CACHED) {
      return false;
    }
    long asItIs = k * VectorPanels.stepCycles(m, n) + VectorPanels.turnCycles(n, k);
    long leftTurned = transposeA ? 0 : VectorPanels.turnCycles(m, k);
    long exchanged = k * VectorPanels.stepCycles(n, m) + leftTurned + VectorPanels.turnCycles(m, n);
    return exchanged < asItIs;
  }

  /**
   * Computes the transposed product, {@code cᵀ = op(b)ᵀ · op(a)ᵀ}, which moves the elements of a
   * and c around instead of those of b.
   */
  private void exchanged() {
    float[] result = Scratch.take((long) n * m);
    if (accumulate) {
      VectorPanels.turn(m, n, c, 0, n, result, 0, m);
    } else {
      for (int j = 0; j < n; j++) {
        Arrays.fill(result, j * m, (j + 1) * m, row == null ? 0 : row[j]);
      }
    }
    VectorWeight right = VectorWeight.changing(a);
    new VectorGemm(false, !transposeA, n, m, k, b.values(), right, null, true, clamp, result).run();
    VectorPanels.turn(n, m, result, 0, m, c, 0, n);
    Scratch.give(result);
  }

  private void run() {
    long fit = PACKED / Math.max(1, k) / BLOCK_COLUMNS * BLOCK_COLUMNS;
    int together = (int) Math.min(n, Math.max(BLOCK_COLUMNS, fit));
    for (int first = 0; first < n; first += together) {
      columns(first, Math.min(together, n - first));
    }
  }

  /** Computes columns {@code first} to {@code first + count} of c. */
  private void columns(int first, int count) {
    boolean packs = transposeB || m > THIN || b.isFrozen();
    int inPlace = packs ? 0 : count / WIDEST * WIDEST;
    VectorWeight.Packed right = pack(first + inPlace, count - inPlace);
    float[] packed = right.panels();
    int wide = m > 4 * BLOCK_ROWS ? BLOCK_COLUMNS : NARROW_COLUMNS;
    int across = (count + wide - 1) / wide;
    int high = blockRows();
    int down = (m + high - 1) / high;
    long work = (long) high * wide * k / VectorPanels.LANES;
    Parallel.range(
        across * down,
        Parallel.grain(work),
        (from, to) -> {
          VectorProduct product = VectorProduct.take();
          for (int block = from; block < to; block++) {
            int i = block / across * high;
            int j = first + block % across * wide;
            int end = Math.min(first + count, j + wide);
            int split = Math.max(j, Math.min(end, first + inPlace));
            int rows = Math.min(high, m - i);
            block(product, i, rows, j, split, null, 0, 0);
            block(product, i, rows, split, end, packed, first + inPlace, first + count);
          }
          product.give();
        });
    right.release();
  }

  /**
   * Returns the rows of one block: fewer where m is small, so that some threads get equal shares.
   */
  private int blockRows() {
    int share = (m / BLOCKS + VectorPanels.ROWS - 1) / VectorPanels.ROWS * VectorPanels.ROWS;
    return Math.max(THIN, Math.min(BLOCK_ROWS, share));
  }

  /**
   * Computes columns {@code from} to {@code to} of the {@code rows} rows at {@code i}.
   *
   * @param packed the right matrix's columns {@code packedFrom} to {@code packedTo} in panels, or
   *     null to read it where it lies
   */
  private void block(
      VectorProduct product,
      int i,
      int rows,
      int from,
      int to,
      float[] packed,
      int packedFrom,
      int packedTo) {
    if (from >= to) {
      return;
    }
    int padded = VectorPanels.padded(packedTo - packedFrom);
    float[] left = m > THIN && to - from >= PACK_LEFT ? Scratch.take(BLOCK_ROWS * DEPTH) : null;
    product.into(c, i * n + from, targetRows);
    if (accumulate) {
      product.fromTarget();
    } else {
      product.fromRow(row, from);
    }
    int p = 0;
    do {
      int depth = Math.min(sliceDepth, k - p);
      int at = transposeA ? p * m + i : i * k + p;
      if (left != null) {
        VectorPanels.packLeft(transposeA, rows, depth, a, at, transposeA ? m : k, left);
        product.leftPanels(left);
      } else if (transposeA) {
        product.leftColumns(a, at, m);
      } else {
        product.left(a, at, leftRows);
      }
      if (packed == null) {
        product.right(b.values(), p * n + from, n);
      } else {
        product.panels(packed, p * padded + (from - packedFrom) * depth);
      }
      product.run(rows, to - from, depth);
      product.fromTarget();
      p += depth;
    } while (p < k);
    if (left != null) {
      Scratch.give(left);
    }
    for (int r = 0; r < rows && clamp != null; r++) {
      ScalarElementwise.clamp(clamp, c, (i + r) * n + from, (i + r) * n + to);
    }
  }

  /** Names an order of panels. */
  private record Layout(boolean transposed, int first, int columns) {}

  private VectorWeight.Packed pack(int first, int columns) {
    long size = (long) VectorPanels.padded(columns) * k;
    Layout layout = new Layout(transposeB, first, columns);
    return b.packed(layout, size, packed -> pack(first, columns, packed));
  }

  /** Packs columns of the right matrix, in parallel over slices and groups of columns. */
  private void pack(int first, int columns, float[] packed) {
    int padded = VectorPanels.padded(columns);
    int groups = (columns + WIDEST - 1) / WIDEST;
    int slices = (k + sliceDepth - 1) / sliceDepth;
    Parallel.range(
        groups * slices,
        Parallel.grain((long) DEPTH * WIDEST / 2),
        (from, to) -> {
          for (int item = from; item < to; item++) {
            int p = item / groups * sliceDepth;
            int j = item % groups * WIDEST;
            int depth = Math.min(sliceDepth, k - p);
            VectorPanels.pack(
                transposeB,
                depth,
                Math.min(WIDEST, columns - j),
                b.values(),
                transposeB ? (first + j) * k + p : p * n + first + j,
                transposeB ? k : n,
                packed,
                p * padded + j * depth);
          }
        });
  }
}
