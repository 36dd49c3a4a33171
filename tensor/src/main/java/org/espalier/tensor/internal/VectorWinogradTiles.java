package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorWinogradWeights.chunk;

/**
 * Cuts images into overlapping tiles of six by six inputs (or four by four output gradients),
 * whatever the size and the padding, and transforms rows of tiles to their 36 points: {@code
 * points[p, tile, channel]}.
 */
final class VectorWinogradTiles {
  private final boolean gradient;
  private final int channels;
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
    this.across = columns.outputs();
    this.down = rows.outputs();
    this.band = new VectorBand(rows, columns, channels, 1);
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
    float[] half = Scratch.take(36L * chunk(channels));
    band.fill(source, row / down, 0, row % down, 1, copy);
    int line = band.width() * channels;
    int chunk = chunk(channels);
    for (int t = 0; t < across; t++) {
      for (int block = 0; block < channels; block += chunk) {
        int c = Math.min(block, channels - chunk);
        int from = t * 4 * channels + c;
        int to = (tile + t) * channels + c;
        if (gradient) {
          VectorWinogradTransforms.outputGradient(
              copy, from, channels, line, half, 0, chunk, 6 * chunk, 4, chunk);
          VectorWinogradTransforms.outputGradient(
              half, 0, 6 * chunk, chunk, points, to, 6 * plane, plane, 6, chunk);
        } else {
          VectorWinogradTransforms.input(
              copy, from, channels, line, half, 0, chunk, 6 * chunk, 6, chunk);
          VectorWinogradTransforms.input(
              half, 0, 6 * chunk, chunk, points, to, 6 * plane, plane, 6, chunk);
        }
      }
    }
    Scratch.give(half);
    Scratch.give(copy);
  }
}
