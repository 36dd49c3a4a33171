package org.espalier.tensor.linalg;

/**
 * Names a rectangle of a matrix held as rows: rows {@code [top, bottom)}, columns {@code [left,
 * right)}.
 */
record Window(double[][] rows, int top, int bottom, int left, int right) {

  /** Returns the window that covers the first {@code height} rows and {@code width} columns. */
  static Window of(double[][] rows, int height, int width) {
    return new Window(rows, 0, height, 0, width);
  }

  /** Returns the number of rows. */
  int height() {
    return bottom - top;
  }

  /** Returns the number of columns. */
  int width() {
    return right - left;
  }
}
