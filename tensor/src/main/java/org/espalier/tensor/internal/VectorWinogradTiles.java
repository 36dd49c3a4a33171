package org.espalier.tensor.internal;

/**
 * Cuts images into overlapping tiles of six by six inputs (or four by four output gradients),
 * whatever the size and the padding, and transforms rows of tiles to their 36 points: {@code
 * points[p, tile, channel]}.
 */
final class VectorWinogradTiles {
  private final boolean gradient;
  private final int channels;
  private final int stride;
  private final int across;
  private final int down;
  private final VectorBand band;

  /** Cuts a source of windows of 3x3 taps with stride 1 into the inputs of tiles. */
  static VectorWinogradTiles inputs(WindowAxis rows, WindowAxis columns, int channels) {
    return new VectorWinogradTiles(false, rows.tiles(), columns.tiles(), channels);
  }

  /** Cuts the gradient of the outputs of such windows into tiles. */
  static VectorWinogradTiles outputGradients(WindowAxis rows, WindowAxis columns, int channels) {
    return new VectorWinogradTiles(true, rows.outputTiles(), columns.outputTiles(), channels);
  }

  private VectorWinogradTiles(boolean gradient, WindowAxis rows, WindowAxis columns, int channels) {
    this.gradient = gradient;
    this.channels = channels;
    this.stride = stride(channels);
    this.across = columns.outputs();
    this.down = rows.outputs();
    this.band = new VectorBand(rows, columns, channels, 1);
  }

  /**
   * Returns the floats from one tile to the next at a point: whole panels, and one vector at least.
   * What lies behind the last channel is anything; it is multiplied along, and nobody reads it.
   */
  static int stride(int channels) {
    return Math.max(VectorPanels.padded(channels), VectorPanels.LANES);
  }

  /** Returns the tiles in a row of them. */
  int across() {
    return across;
  }

  /** Returns the rows of tiles in an image. */
  int down() {
    return down;
  }

  /**
   * Transforms one row of tiles.
   *
   * @param row number of the row, counted through all images
   * @param points receives the tiles from number {@code tile} on (modified)
   * @param plane distance of two points
   */
  void transform(float[] source, int row, float[] points, int tile, int plane) {
    float[] copy = Scratch.take(band.size(1));
    band.fill(source, row / down, 0, row % down, 1, copy);
    int line = band.width() * channels;
    int step = 4 * channels;
    for (int t = 0; t < across; t++) {
      int to = (tile + t) * stride;
      if (gradient) {
        VectorWinogradOutputGradient.transform(
            copy, t * step, line, channels, points, to, plane, channels);
      } else {
        VectorWinogradInput.transform(copy, t * step, line, channels, points, to, plane, channels);
      }
    }
    Scratch.give(copy);
  }
}
