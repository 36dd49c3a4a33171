package org.espalier.tensor.internal;

/**
 * Cuts images into overlapping tiles of inputs (or tiles of output gradients, which do not
 * overlap), whatever the size and the padding, and transforms rows of tiles to their points: {@code
 * points[p, tile, channel]}.
 */
final class VectorWinogradTiles {
  private final VectorWinogradForm form;
  private final boolean gradient;
  private final int channels;
  private final int stride;
  private final int across;
  private final int down;
  private final VectorBand band;

  /** Cuts a source of windows with stride 1 into the inputs of tiles. */
  static VectorWinogradTiles inputs(WindowAxis rows, WindowAxis columns, int channels) {
    VectorWinogradForm form = VectorWinogradForm.of(rows, columns);
    return new VectorWinogradTiles(
        form, false, rows.tiles(form.high()), columns.tiles(VectorWinogradForm.WIDE), channels);
  }

  /** Cuts the gradient of the outputs of such windows into tiles. */
  static VectorWinogradTiles outputGradients(WindowAxis rows, WindowAxis columns, int channels) {
    VectorWinogradForm form = VectorWinogradForm.of(rows, columns);
    return new VectorWinogradTiles(
        form,
        true,
        rows.outputTiles(form.high()),
        columns.outputTiles(VectorWinogradForm.WIDE),
        channels);
  }

  private VectorWinogradTiles(
      VectorWinogradForm form,
      boolean gradient,
      WindowAxis rows,
      WindowAxis columns,
      int channels) {
    this.form = form;
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
    float[] half = Scratch.take(VectorWinogradForm.HALF);
    band.fill(source, row / down, 0, row % down, 1, copy);
    int line = band.width() * channels;
    int step = VectorWinogradForm.WIDE * channels;
    for (int t = 0; t < across; t++) {
      int to = (tile + t) * stride;
      if (gradient) {
        form.outputGradient(copy, t * step, line, channels, points, to, plane, channels, half);
      } else {
        form.input(copy, t * step, line, channels, points, to, plane, channels, half);
      }
    }
    Scratch.give(half);
    Scratch.give(copy);
  }
}
