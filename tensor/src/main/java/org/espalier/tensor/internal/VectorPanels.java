package org.espalier.tensor.internal;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Cuts the right matrix of a product into panels as wide as a register tile and packs them: within
 * a panel, the row of lanes of each step lies behind that of the step before, so a tile reads one
 * stream.
 *
 * <p>Panels are four vectors wide (two where the processor has 16 registers); the last columns get
 * two, one or half a vector. A panel that is not full is filled up with zeros. Columns {@code j} of
 * a block of {@code depth} steps start at {@code j · depth} in the packed block.
 */
final class VectorPanels {
  /** The widest vectors of this processor. */
  static final VectorSpecies<Float> FULL = FloatVector.SPECIES_PREFERRED;

  /** Floats in such a vector. */
  static final int LANES = FULL.length();

  /**
   * Vectors of half the width, for the last columns; the same width where there is no half, and on
   * older JDKs, which lose the exact type of a sum in a loop once a process uses two widths.
   */
  static final VectorSpecies<Float> HALF =
      LANES > 4 && Runtime.version().feature() >= 25
          ? VectorSpecies.of(float.class, VectorShape.forBitSize(FULL.vectorBitSize() / 2))
          : FULL;

  /**
   * The class of full vectors, to which each is cast before it is stored.
   *
   * <p>The cast does nothing but name the class. Without it the compiler asks what classes the
   * store has met in the whole process; once it met two widths, it makes an object of each vector
   * in whatever kernel is compiled next, which then takes 1.5 to 20 times as long. Sums that come
   * out of loops are cast for the same reason.
   */
  static final Class<? extends FloatVector> FULL_TYPE = FloatVector.zero(FULL).getClass();

  /** The class of half vectors. */
  static final Class<? extends FloatVector> HALF_TYPE = FloatVector.zero(HALF).getClass();

  /** Columns of a full panel; 512-bit machines and 64-bit ARM have 32 registers, others 16. */
  static final int WIDEST =
      LANES >= 16 || "aarch64".equals(System.getProperty("os.arch")) ? 4 * LANES : 2 * LANES;

  /** Products in a row summed before the next block: 6 rows and a panel stay in the L2 cache. */
  static final int DEPTH = 256;

  /** Rows of a register tile. */
  static final int ROWS = 6;

  /** Floats of a matrix that stays in the L2 cache beside what it becomes: 1 MiB. */
  static final int CACHED = 1 << 18;

  /** Steps transposed at once. */
  private static final int STRIP = 32;

  private VectorPanels() {}

  /**
   * Returns the steps of one slice of a product of {@code depth} steps: at most {@link #DEPTH}, and
   * all slices about equal.
   */
  static int sliceDepth(int depth) {
    int slices = Math.max(1, (depth + DEPTH - 1) / DEPTH);
    return Math.max(1, (depth + slices - 1) / slices);
  }

  /**
   * Returns the rough processor cycles of one step of a product, by what tiles of each width take:
   * six broadcasts and their multiply-adds, one to four of each.
   */
  static long stepCycles(int rows, int columns) {
    long cycles = 0;
    int width;
    for (int j = 0; j < columns; j += width) {
      width = width(columns - j);
      cycles += width > 2 * LANES ? 27 : width > LANES ? 16 : 10;
    }
    return (rows + ROWS - 1) / ROWS * cycles;
  }

  /**
   * Returns the rough processor cycles of transposing a matrix, as measured: half a cycle an
   * element in squares, two one by one, and two where it does not stay in a cache.
   */
  static long turnCycles(int rows, int columns) {
    long count = (long) rows * columns;
    boolean bySquares = VectorTurn.serves(Math.min(rows, columns));
    return bySquares && count <= CACHED ? count / 2 : 2 * count;
  }

  /** Returns the width of the panel to use where so many columns are left. */
  static int width(int columns) {
    if (columns > 3 * LANES && WIDEST == 4 * LANES) {
      return WIDEST;
    }
    int half = HALF.length();
    if (columns > LANES) {
      return 2 * LANES;
    }
    return columns > half ? LANES : half;
  }

  /** Returns the columns all panels have together, filled ones counted. */
  static int padded(int columns) {
    int padded = 0;
    while (padded < columns) {
      padded += width(columns - padded);
    }
    return padded;
  }

  /**
   * Packs {@code columns} columns of {@code depth} steps.
   *
   * @param transposed b is stored by columns: step p of column j at {@code at + j · stride + p}
   *     instead of {@code at + p · stride + j}
   * @param packed receives the panels from {@code to} on (modified)
   */
  static void pack(
      boolean transposed,
      int depth,
      int columns,
      float[] b,
      int at,
      int stride,
      float[] packed,
      int to) {
    int width;
    for (int j = 0; j < columns; j += width) {
      width = width(columns - j);
      int valid = Math.min(width, columns - j);
      int panel = to + j * depth;
      if (transposed) {
        turn(valid, depth, b, at + j * stride, stride, packed, panel, width);
      } else {
        for (int p = 0; p < depth; p++) {
          System.arraycopy(b, at + p * stride + j, packed, panel + p * width, valid);
        }
      }
      if (valid < width) {
        for (int p = 0; p < depth; p++) {
          int row = panel + p * width;
          Arrays.fill(packed, row + valid, row + width, 0);
        }
      }
    }
  }

  /** Packs as {@link #pack} does, in slices of at most {@link #DEPTH} steps behind each other. */
  static void packSlices(
      boolean transposed,
      int depth,
      int columns,
      float[] b,
      int at,
      int stride,
      float[] packed,
      int to) {
    int padded = padded(columns);
    for (int p = 0; p < depth; p += DEPTH) {
      int from = transposed ? at + p : at + p * stride;
      int count = Math.min(DEPTH, depth - p);
      pack(transposed, count, columns, b, from, stride, packed, to + p * padded);
    }
  }

  /**
   * Packs a block of the left matrix for tiles of {@link #ROWS} rows: the rows of a tile side by
   * side, step by step. Rows missing in the last tile repeat the last row.
   *
   * @param transposed a is stored by columns: step p of row i at {@code at + p · stride + i}
   *     instead of {@code at + i · stride + p}
   * @param packed receives the tiles (modified)
   */
  static void packLeft(
      boolean transposed, int rows, int depth, float[] a, int at, int stride, float[] packed) {
    int step = transposed ? stride : 1;
    int apart = transposed ? 1 : stride;
    for (int i = 0; i < rows; i += ROWS) {
      int r0 = at + i * apart;
      int r1 = at + Math.min(i + 1, rows - 1) * apart;
      int r2 = at + Math.min(i + 2, rows - 1) * apart;
      int r3 = at + Math.min(i + 3, rows - 1) * apart;
      int r4 = at + Math.min(i + 4, rows - 1) * apart;
      int r5 = at + Math.min(i + 5, rows - 1) * apart;
      int to = i * depth;
      int q = 0;
      for (int p = 0; p < depth; p++) {
        packed[to] = a[r0 + q];
        packed[to + 1] = a[r1 + q];
        packed[to + 2] = a[r2 + q];
        packed[to + 3] = a[r3 + q];
        packed[to + 4] = a[r4 + q];
        packed[to + 5] = a[r5 + q];
        to += ROWS;
        q += step;
      }
    }
  }

  /** Copies one vector. */
  static void copyVector(float[] from, int at, float[] to, int target) {
    FULL_TYPE.cast(FloatVector.fromArray(FULL, from, at)).intoArray(to, target);
  }

  /** Copies a few floats by vectors, of which the last overlaps: arraycopy takes longer. */
  static void copy(float[] from, int at, float[] to, int target, int count) {
    if (count >= LANES) {
      for (int i = 0; i < count - LANES; i += LANES) {
        copyVector(from, at + i, to, target + i);
      }
      copyVector(from, at + count - LANES, to, target + count - LANES);
    } else if (count >= HALF.length()) {
      HALF_TYPE.cast(FloatVector.fromArray(HALF, from, at)).intoArray(to, target);
      int last = count - HALF.length();
      HALF_TYPE.cast(FloatVector.fromArray(HALF, from, at + last)).intoArray(to, target + last);
    } else {
      for (int i = 0; i < count; i++) {
        to[target + i] = from[at + i];
      }
    }
  }

  /**
   * Transposes: {@code to[p, r] = from[r, p]} for r below {@code rows} and p below {@code columns},
   * in squares, or where none fits in strips of steps whose targets stay in the L1 cache.
   */
  static void turn(
      int rows,
      int columns,
      float[] from,
      int fromAt,
      int fromStride,
      float[] to,
      int toAt,
      int toStride) {
    if (VectorTurn.serves(Math.min(rows, columns))) {
      VectorTurn.turn(rows, columns, from, fromAt, fromStride, to, toAt, toStride);
      return;
    }
    for (int strip = 0; strip < columns; strip += STRIP) {
      int count = Math.min(STRIP, columns - strip);
      for (int r = 0; r < rows; r++) {
        int source = fromAt + r * fromStride + strip;
        int target = toAt + strip * toStride + r;
        for (int p = 0; p < count; p++) {
          to[target + p * toStride] = from[source + p];
        }
      }
    }
  }
}
