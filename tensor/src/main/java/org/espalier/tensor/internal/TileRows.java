package org.espalier.tensor.internal;

import org.espalier.tensor.internal.VectorProduct.Lines;

/**
 * Tells register tiles where the rows of a matrix start in an array.
 *
 * <p>The places are worked out once for many tiles: divisions in front of each one cost as much as
 * a tile of 16 channels. Behind the last row, up to a whole tile, the last row is repeated.
 */
final class TileRows {
  private float[] array;
  private int from;
  private int[] offsets = new int[0];
  private Lines spacing;
  private int rows;

  /** Takes rows of an array that are spaced as told. */
  void place(float[] array, Lines lines, int rows) {
    this.array = array;
    this.from = lines.from();
    if (spacing == null || this.rows != rows || !spacing.isSpacedAs(lines)) {
      locate(lines, rows);
    }
  }

  /** Forgets the array, not how rows are spaced. */
  void forget() {
    array = null;
  }

  /** Moves all rows to begin at another index. */
  void moveTo(int from) {
    this.from = from;
  }

  private void locate(Lines lines, int rows) {
    int padded = (rows + VectorPanels.ROWS - 1) / VectorPanels.ROWS * VectorPanels.ROWS;
    if (offsets.length < padded) {
      offsets = new int[padded];
    }
    int line = 0;
    int column = 0;
    for (int r = 0; r < padded; r++) {
      offsets[r] = line * lines.jump() + column * lines.step();
      if (r < rows - 1 && ++column == lines.period()) {
        column = 0;
        line++;
      }
    }
    this.spacing = lines;
    this.rows = rows;
  }

  /** Returns the array. */
  float[] array() {
    return array;
  }

  /** Returns the index of the first element of a row. */
  int at(int row) {
    return from + offsets[row];
  }
}
