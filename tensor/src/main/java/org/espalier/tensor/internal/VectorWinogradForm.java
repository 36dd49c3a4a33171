package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Is a member of Winograd's family that makes four outputs along an axis, from six products with a
 * kernel of three taps and from eight with one of five. Kernels of one row are transformed along
 * one axis.
 *
 * <table>
 * <caption>Multiplications for each output and pair of channels</caption>
 * <tr><th>kernel</th><th>form</th><th>direct</th><th>transformed</th></tr>
 * <tr><td>3x3</td><td>F(4x4, 3x3)</td><td>9</td><td>2.25</td></tr>
 * <tr><td>5x5</td><td>F(4x4, 5x5)</td><td>25</td><td>4</td></tr>
 * <tr><td>1x3</td><td>F(4, 3)</td><td>3</td><td>1.5</td></tr>
 * <tr><td>1x5</td><td>F(4, 5)</td><td>5</td><td>2</td></tr>
 * </table>
 *
 * @param rowTaps rows of the kernel: as many as columns, or 1
 * @param columnTaps columns of the kernel: 3 or 5
 */
record VectorWinogradForm(int rowTaps, int columnTaps) {
  /** Outputs of a tile along a transformed axis. */
  static final int WIDE = 4;

  /** Floats of the array that a transform of one tile wants for what it makes in between. */
  static final int HALF = 64 * VectorPanels.LANES;

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

  /** Returns the points along a transformed axis, as many as the inputs that a tile reads. */
  int side() {
    return WIDE + columnTaps - 1;
  }

  /** Returns the points of a tile. */
  int points() {
    return isLine() ? side() : side() * side();
  }

  /** Returns the rows of outputs of a tile. */
  int high() {
    return isLine() ? 1 : WIDE;
  }

  /** Returns the point (1, 1), which reaches every output of a tile with factor 1. */
  int everywhere() {
    return isLine() ? 1 : side() + 1;
  }

  /** Tells whether {@link VectorWinogradLine} transforms both axes of these tiles. */
  boolean isSquareOfSix() {
    return !isLine() && !hasEight();
  }

  private boolean hasEight() {
    return columnTaps == 5;
  }

  /**
   * Transforms the inputs of a tile to the points, vectorised over channels. The last vector
   * overlaps the one before where the channels do not fill it; fewer channels than lanes are read,
   * and written, with what lies behind them.
   *
   * @param line distance of two rows of the tile
   * @param column distance of two columns
   * @param points receives the points from {@code to} on, {@code point} apart (modified)
   * @param half {@link #HALF} floats for what is made in between (modified)
   */
  void input(
      float[] tile,
      int from,
      int line,
      int column,
      float[] points,
      int to,
      int point,
      int channels,
      float[] half) {
    if (hasEight()) {
      VectorWinogradEight.input(
          isLine(), tile, from, line, column, points, to, point, channels, half);
    } else if (isLine()) {
      VectorWinogradLine.input(
          tile, from, column, 2 * column, 4 * column, 0, points, to, point, 1, channels);
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
      int channels,
      float[] half) {
    if (hasEight()) {
      VectorWinogradEight.outputGradient(
          isLine(), tile, from, line, column, points, to, point, channels, half);
    } else if (isLine()) {
      VectorWinogradLine.outputGradient(tile, from, column, 0, points, to, point, 1, channels);
    } else {
      VectorWinogradOutputGradient.transform(tile, from, line, column, points, to, point, channels);
    }
  }

  /**
   * Transforms the products of a tile to its outputs; the last vector overlaps the one before.
   *
   * @param products holds the products from {@code from} on, {@code point} apart
   * @param tile receives output (i, j) at {@code to + i · line + j · column} (modified)
   * @param channels {@link VectorPanels#LANES} at least
   * @param half {@link #HALF} floats for what is made in between (modified)
   */
  void output(
      float[] products,
      int from,
      int point,
      float[] tile,
      int to,
      int line,
      int column,
      int channels,
      float[] half) {
    if (hasEight()) {
      VectorWinogradEight.output(
          isLine(), products, from, point, tile, to, line, column, channels, half);
    } else if (isLine()) {
      VectorWinogradLine.output(products, from, point, 0, tile, to, column, 1, channels);
    } else {
      VectorWinogradOutput.transform(products, from, point, tile, to, line, column, channels);
    }
  }
}
