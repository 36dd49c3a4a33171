package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Is a member of Winograd's family with the six interpolation points 0, 1, -1, 2, -2 and infinity
 * along an axis: {@code 7 - taps} outputs are made from six products, which all share the transform
 * of the inputs.
 *
 * <table>
 * <caption>Multiplications for each output, of kernels that are served</caption>
 * <tr><th>kernel</th><th>form</th><th>direct</th><th>points</th></tr>
 * <tr><td>3x3</td><td>F(4x4, 3x3)</td><td>9</td><td>36 / 16</td></tr>
 * <tr><td>5x5</td><td>F(2x2, 5x5)</td><td>25</td><td>36 / 4</td></tr>
 * <tr><td>1x3</td><td>F(4, 3)</td><td>3</td><td>6 / 4</td></tr>
 * <tr><td>1x5</td><td>F(2, 5)</td><td>5</td><td>6 / 2</td></tr>
 * </table>
 *
 * @param rowTaps rows of the kernel: as many as columns, or 1
 * @param columnTaps columns of the kernel: 3 or 5
 */
record VectorWinogradForm(int rowTaps, int columnTaps) {
  /** Points along an axis, and the inputs that a tile reads along it. */
  static final int SIDE = 6;

  /** Tells whether there is a form for the kernels of this convolution. */
  static boolean serves(ConvGeometry g) {
    int wide = g.kernelWidth();
    return (wide == 3 || wide == 5) && (g.kernelHeight() == wide || g.kernelHeight() == 1);
  }

  /** Returns the form of a convolution. */
  static VectorWinogradForm of(ConvGeometry g) {
    return new VectorWinogradForm(g.kernelHeight(), g.kernelWidth());
  }

  /** Returns the form of a sweep. */
  static VectorWinogradForm of(WindowAxis rows, WindowAxis columns) {
    return new VectorWinogradForm(rows.taps(), columns.taps());
  }

  /** Tells whether only the columns are transformed. */
  boolean isLine() {
    return rowTaps == 1;
  }

  /** Returns the taps of a kernel. */
  int taps() {
    return rowTaps * columnTaps;
  }

  /** Returns the points of a tile. */
  int points() {
    return isLine() ? SIDE : SIDE * SIDE;
  }

  /** Returns the rows of outputs of a tile. */
  int high() {
    return isLine() ? 1 : wide();
  }

  /** Returns the columns of outputs of a tile. */
  int wide() {
    return SIDE + 1 - columnTaps;
  }

  /** Returns the point (1, 1), which reaches every output of a tile with factor 1. */
  int everywhere() {
    return isLine() ? 1 : SIDE + 1;
  }

  /**
   * Transforms the inputs of a tile to the points.
   *
   * @param line distance of two rows of the tile
   * @param column distance of two columns
   * @param points receives the points from {@code to} on, {@code point} apart (modified)
   */
  void input(
      float[] tile,
      int from,
      int line,
      int column,
      float[] points,
      int to,
      int point,
      int channels) {
    if (isLine()) {
      VectorWinogradLine.input(tile, from, column, points, to, point, channels);
    } else {
      VectorWinogradInput.transform(tile, from, line, column, points, to, point, channels);
    }
  }

  /** Transforms the gradients of the outputs of a tile to the points, as {@link #input} does. */
  void outputGradient(
      float[] tile,
      int from,
      int line,
      int column,
      float[] points,
      int to,
      int point,
      int channels) {
    if (isLine()) {
      VectorWinogradLine.outputGradient(wide(), tile, from, column, points, to, point, channels);
    } else if (columnTaps == 3) {
      VectorWinogradOutputGradient.transform(tile, from, line, column, points, to, point, channels);
    } else {
      VectorWinogradSmallTile.outputGradient(tile, from, line, column, points, to, point, channels);
    }
  }

  /**
   * Transforms the products of a tile to its outputs.
   *
   * @param products holds the products from {@code from} on, {@code point} apart
   * @param tile receives output (i, j) at {@code to + i · line + j · column} (modified)
   * @param channels {@link VectorPanels#LANES} at least
   */
  void output(
      float[] products,
      int from,
      int point,
      float[] tile,
      int to,
      int line,
      int column,
      int channels) {
    if (isLine()) {
      VectorWinogradLine.output(wide(), products, from, point, tile, to, column, channels);
    } else if (columnTaps == 3) {
      VectorWinogradOutput.transform(products, from, point, tile, to, line, column, channels);
    } else {
      VectorWinogradSmallTile.output(products, from, point, tile, to, line, column, channels);
    }
  }
}
