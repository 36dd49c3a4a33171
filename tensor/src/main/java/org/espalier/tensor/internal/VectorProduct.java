package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.WIDEST;

import java.util.Arrays;

/**
 * Multiplies a block of rows with panels: {@code c = start + a · b}, tile by tile, tails included.
 *
 * <p>Rows that are missing in the last tile repeat the last row: they compute and store the same
 * numbers twice, which needs neither another tile nor a copy. Columns that are missing in the last
 * panel go through a tile of their own, of which the valid part is copied out. One instance serves
 * one thread; it is small, and cheap to make for each piece of work.
 */
final class VectorProduct {
  /** Rows of a tile. */
  static final int ROWS = 6;

  private static final float[] ZEROS = new float[WIDEST];

  private final int[] aAt = new int[ROWS];
  private final int[] startAt = new int[ROWS];
  private final int[] cAt = new int[ROWS];
  private final int[] edgeAt = new int[ROWS];
  private final float[] edge = new float[ROWS * WIDEST];

  private float[] a;
  private Lines aRows;
  private int aStep;
  private float[] b;
  private int bFrom;
  private int bStride;
  private float[] row;
  private int rowFrom;
  private boolean accumulate;
  private float[] c;
  private Lines cRows;

  /**
   * Tells where the rows of a matrix start: at {@code from + step · r}, or, where the rows are the
   * pixels of an image, {@code period} to a line and the lines {@code jump} apart.
   */
  record Lines(int from, int step, int period, int jump) {
    /** Returns equally spaced rows. */
    static Lines of(int from, int step) {
      return new Lines(from, step, Integer.MAX_VALUE, 0);
    }

    /**
     * Writes where rows {@code first}, {@code first + 1} ... start; those missing repeat the last.
     */
    void locate(int first, int rows, int offset, int[] at) {
      int line = first / period;
      int column = first % period;
      for (int r = 0; r < ROWS; r++) {
        at[r] = from + offset + line * jump + column * step;
        if (first + r < rows - 1 && ++column == period) {
          column = 0;
          line++;
        }
      }
    }
  }

  /** Takes the left matrix from {@code a}, whose rows are contiguous. */
  VectorProduct left(float[] a, Lines rows) {
    this.a = a;
    this.aRows = rows;
    this.aStep = 0;
    return this;
  }

  /**
   * Takes the left matrix from {@code a} stored by columns, {@code step} from one to the next; two
   * rows are neighbours.
   */
  VectorProduct leftColumns(float[] a, int from, int step) {
    this.a = a;
    this.aRows = Lines.of(from, 1);
    this.aStep = step;
    return this;
  }

  /** Takes the left matrix from {@code a} as {@link VectorPanels#packLeft} wrote it. */
  VectorProduct leftPanels(float[] a) {
    this.a = a;
    this.aRows = null;
    this.aStep = ROWS;
    return this;
  }

  /** Takes the right matrix from panels that {@link VectorPanels#pack} wrote. */
  VectorProduct panels(float[] b, int from) {
    this.b = b;
    this.bFrom = from;
    this.bStride = 0;
    return this;
  }

  /**
   * Takes the right matrix as it lies, its rows {@code stride} apart; behind each row must follow
   * (anything) enough to fill the last panel.
   */
  VectorProduct right(float[] b, int from, int stride) {
    this.b = b;
    this.bFrom = from;
    this.bStride = stride;
    return this;
  }

  /** Writes the product to {@code c} (modified). */
  VectorProduct into(float[] c, Lines rows) {
    this.c = c;
    this.cRows = rows;
    return this;
  }

  /** Starts all sums from zero. */
  VectorProduct fromZero() {
    return fromRow(null, 0);
  }

  /** Starts the sums of each row from the same numbers; from zero where {@code row} is null. */
  VectorProduct fromRow(float[] row, int from) {
    this.row = row;
    this.rowFrom = from;
    this.accumulate = false;
    return this;
  }

  /** Starts the sums from what c holds. */
  VectorProduct fromTarget() {
    this.accumulate = true;
    return this;
  }

  /** Multiplies {@code rows} rows with {@code columns} columns over {@code depth} steps. */
  void run(int rows, int columns, int depth) {
    int width;
    for (int j = 0; j < columns; j += width) {
      width = VectorPanels.width(columns - j);
      int valid = Math.min(width, columns - j);
      for (int i = 0; i < rows; i += ROWS) {
        if (aRows != null) {
          aRows.locate(i, rows, 0, aAt);
        }
        cRows.locate(i, rows, j, cAt);
        if (valid == width) {
          full(i, rows, j, width, depth);
        } else {
          partial(Math.min(ROWS, rows - i), i, rows, j, width, valid, depth);
        }
      }
    }
  }

  private void full(int i, int rows, int j, int width, int depth) {
    if (accumulate) {
      tile(i, rows, j, width, depth, c, cAt, c, cAt);
    } else if (row != null) {
      Arrays.fill(startAt, rowFrom + j);
      tile(i, rows, j, width, depth, row, startAt, c, cAt);
    } else {
      Arrays.fill(startAt, 0);
      tile(i, rows, j, width, depth, ZEROS, startAt, c, cAt);
    }
  }

  private void partial(int height, int i, int rows, int j, int width, int valid, int depth) {
    for (int r = 0; r < ROWS; r++) {
      edgeAt[r] = r * width;
    }
    if (accumulate) {
      for (int r = 0; r < ROWS; r++) {
        copy(c, cAt[r], edge, r * width, valid);
        Arrays.fill(edge, r * width + valid, (r + 1) * width, 0);
      }
      tile(i, rows, j, width, depth, edge, edgeAt, edge, edgeAt);
    } else if (row != null) {
      copy(row, rowFrom + j, edge, 0, valid);
      Arrays.fill(edge, valid, width, 0);
      Arrays.fill(startAt, 0);
      tile(i, rows, j, width, depth, edge, startAt, edge, edgeAt);
    } else {
      Arrays.fill(startAt, 0);
      tile(i, rows, j, width, depth, ZEROS, startAt, edge, edgeAt);
    }
    for (int r = 0; r < height; r++) {
      copy(edge, r * width, c, cAt[r], valid);
    }
  }

  /** Copies a few floats: a call of arraycopy takes longer. */
  private static void copy(float[] from, int at, float[] to, int target, int count) {
    for (int i = 0; i < count; i++) {
      to[target + i] = from[at + i];
    }
  }

  private void tile(
      int i,
      int rows,
      int j,
      int width,
      int depth,
      float[] start,
      int[] starts,
      float[] target,
      int[] targets) {
    int bAt = bStride == 0 ? bFrom + j * depth : bFrom + j;
    int bStep = bStride == 0 ? width : bStride;
    if (aStep == 0) {
      VectorRowTile.run(width, depth, a, aAt, b, bAt, bStep, start, starts, target, targets);
    } else if (aRows == null) {
      VectorColumnTile.run(
          width, depth, a, i * depth, aStep, b, bAt, bStep, start, starts, target, targets);
    } else if (i + ROWS <= rows) {
      VectorColumnTile.run(
          width, depth, a, aAt[0], aStep, b, bAt, bStep, start, starts, target, targets);
    } else {
      lastColumns(i, rows, width, depth, bAt, bStep, start, starts, target, targets);
    }
  }

  /** Does the last rows of a left matrix stored by columns: a column has no six elements there. */
  private void lastColumns(
      int i,
      int rows,
      int width,
      int depth,
      int bAt,
      int bStep,
      float[] start,
      int[] starts,
      float[] target,
      int[] targets) {
    float[] copy = Scratch.take((long) depth * ROWS);
    for (int p = 0; p < depth; p++) {
      for (int r = 0; r < ROWS; r++) {
        copy[p * ROWS + r] = a[aAt[r] + p * aStep];
      }
    }
    VectorColumnTile.run(
        width, depth, copy, 0, ROWS, b, bAt, bStep, start, starts, target, targets);
    Scratch.give(copy);
  }
}
