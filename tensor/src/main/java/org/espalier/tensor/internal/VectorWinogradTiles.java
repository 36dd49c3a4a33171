package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.LANES;
import static org.espalier.tensor.internal.VectorWinogradForm.WIDE;

/**
 * Cuts images into overlapping tiles of inputs (or tiles of output gradients, which do not
 * overlap), whatever the size and the padding, and transforms rows of tiles to their points: {@code
 * points[p, tile, channel]}.
 *
 * <p>Where channels leave much of their vectors empty, the columns of pixels are transformed first,
 * each once, whichever tiles it belongs to. What comes out is stored by phases: the first columns
 * of all tiles side by side, then the second ones. So the transform of the rows runs along tiles
 * and channels alike and fills its vectors. With full vectors a whole tile at a time is as fast.
 */
final class VectorWinogradTiles {
  /** Elementary operations that a vector of a point takes, both axes together. */
  private static final int OPERATIONS = 4;

  private final VectorWinogradForm form;
  private final boolean gradient;
  private final int channels;
  private final int stride;
  private final int across;
  private final int down;

  /** Whether the channels of neighbouring tiles share vectors. */
  private final boolean joined;

  private final VectorBand band;

  /** Cuts a source of windows with stride 1 into the inputs of tiles. */
  static VectorWinogradTiles inputs(WindowAxis rows, WindowAxis columns, int channels) {
    VectorWinogradForm form = VectorWinogradForm.of(rows, columns);
    return new VectorWinogradTiles(
        form, false, rows.tiles(form.high()), columns.tiles(WIDE), channels);
  }

  /** Cuts the gradient of the outputs of such windows into tiles. */
  static VectorWinogradTiles outputGradients(WindowAxis rows, WindowAxis columns, int channels) {
    VectorWinogradForm form = VectorWinogradForm.of(rows, columns);
    return new VectorWinogradTiles(
        form, true, rows.outputTiles(form.high()), columns.outputTiles(WIDE), channels);
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
    this.across = columns.outputs();
    this.down = rows.outputs();
    this.band = new VectorBand(rows, columns, channels, 1);
    int alone = across * vectors(channels);
    this.joined =
        form.isSquareOfSix()
            && across * channels >= LANES
            && 4 * vectors(across * channels) <= 3 * alone;
    this.stride = joined ? channels : stride(channels);
  }

  private static int vectors(int floats) {
    return (floats + LANES - 1) / LANES;
  }

  /** Returns whole panels of so many channels, and one vector at least. */
  static int stride(int channels) {
    return Math.max(VectorPanels.padded(channels), LANES);
  }

  /**
   * Returns the floats from one tile to the next at a point. What lies behind the last channel, if
   * anything does, is multiplied along, and nobody reads it.
   */
  int stride() {
    return stride;
  }

  /** Returns the tiles in a row of them. */
  int across() {
    return across;
  }

  /** Returns the work of transforming one row of these tiles, in elementary operations. */
  long work() {
    return work(across, form.points(), channels);
  }

  /**
   * Returns the work of transforming tiles to their points or back, in elementary operations.
   *
   * @param points points of a tile
   */
  static long work(int tiles, int points, int channels) {
    return (long) OPERATIONS * tiles * points * vectors(channels);
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
    if (joined) {
      float[] half = Scratch.take(halfSize());
      half(source, row, half, 0);
      for (int i = 0; i < form.side(); i++) {
        pointRow(half, 0, i, points, tile * stride + form.side() * i * plane, plane);
      }
      Scratch.give(half);
      return;
    }
    float[] copy = Scratch.take(band.size(1));
    float[] half = Scratch.take(VectorWinogradForm.HALF);
    band.fill(source, row / down, 0, row % down, 1, copy);
    int line = band.width() * channels;
    int step = WIDE * channels;
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

  /** Tells whether {@link #half} and {@link #pointRow} serve these tiles. */
  boolean isDense() {
    return form.isSquareOfSix() && stride == channels;
  }

  /** Returns the floats of a row of tiles whose columns are transformed. */
  int halfSize() {
    return form.side() * WIDE * phase();
  }

  /** Returns the distance of two phases. */
  private int phase() {
    return (band.width() + WIDE - 1) / WIDE * channels + LANES;
  }

  /**
   * Transforms the columns of one row of tiles, not yet the rows.
   *
   * @param half receives them from {@code to} on, as {@link #pointRow} takes them (modified)
   */
  void half(float[] source, int row, float[] half, int to) {
    float[] copy = Scratch.take(band.size(1));
    band.fill(source, row / down, 0, row % down, 1, copy);
    int line = band.width() * channels;
    int point = WIDE * phase();
    int item = WIDE * channels;
    for (int j = 0; j < WIDE; j++) {
      int count = (band.width() - j + WIDE - 1) / WIDE;
      int at = j * channels;
      int place = to + j * phase();
      if (gradient) {
        VectorWinogradLine.outputGradient(
            copy, at, line, item, half, place, point, count, channels);
      } else {
        VectorWinogradLine.input(
            copy, at, line, 2 * line, 4 * line, item, half, place, point, count, channels);
      }
    }
    Scratch.give(copy);
  }

  /**
   * Makes the six points of row {@code i} of all tiles from what {@link #half} made.
   *
   * @param points receives them from {@code to} on, {@code plane} apart (modified)
   */
  void pointRow(float[] half, int from, int i, float[] points, int to, int plane) {
    int phase = phase();
    int at = from + i * WIDE * phase;
    int run = across * channels;
    if (gradient) {
      VectorWinogradLine.outputGradient(half, at, phase, 0, points, to, plane, 1, run);
    } else {
      VectorWinogradLine.input(half, at, phase, 2 * phase, channels, 0, points, to, plane, 1, run);
    }
  }
}
