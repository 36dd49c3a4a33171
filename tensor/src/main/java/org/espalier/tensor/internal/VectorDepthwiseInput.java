package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.LANES;

/**
 * Finds the pixels that bands of output rows read: where they lie, if the kernel minds the borders
 * itself; in a copy with a border of zeros, if it does not; in a copy that may be read a vector too
 * far, if there are fewer channels than lanes and nothing behind.
 */
final class VectorDepthwiseInput {
  private final WindowAxis rows;
  private final WindowAxis columns;
  private final int channels;
  private final boolean bordered;
  private final boolean ahead;
  private final VectorBand band;

  /**
   * Makes the finder.
   *
   * @param bordered whether pixels are wanted with a border of zeros
   * @param ahead whether pixels that are not copied should be read ahead
   */
  VectorDepthwiseInput(
      WindowAxis rows, WindowAxis columns, int channels, boolean bordered, boolean ahead) {
    this.rows = rows;
    this.columns = columns;
    this.channels = channels;
    this.bordered = bordered;
    this.ahead = ahead;
    this.band = new VectorBand(rows, columns, channels, 1);
  }

  /** Returns the floats that the copy for so many output rows takes, 0 without a copy. */
  long size(int outputRows) {
    if (bordered) {
      return band.size(outputRows);
    }
    long line = (long) columns.source() * channels;
    return channels < LANES ? rows.extent(outputRows) * line + LANES : 0;
  }

  /**
   * Returns the input of output rows {@code first} to {@code end}: bordered, pixel (y, x) is the
   * first that output (y, x) reads, and {@link #offsets} tells the others; else, it is that of the
   * source.
   */
  PixelPlane plane(float[] source, int image, int first, int end, float[] copy) {
    if (bordered) {
      band.fill(source, image, 0, first, end - first, copy);
      int line = rows.copyStride() * band.width() * channels;
      return new PixelPlane(copy, -first * line, line, columns.copyStride() * channels);
    }
    int top = Math.min(rows.source(), Math.max(0, rows.sourceOf(first, 0)));
    int last = rows.sourceOf(end - 1, (rows.taps() - 1) * rows.dilation());
    int bottom = Math.max(top, Math.min(rows.source(), last + 1));
    return PixelPlane.of(source, image, rows.source(), columns.source(), channels)
        .readable(top, bottom, channels, ahead, copy);
  }

  /** Returns where each tap reads a bordered input, from an output's first pixel on. */
  int[] offsets() {
    int[] offsets = new int[rows.taps() * columns.taps()];
    for (int t = 0; t < offsets.length; t++) {
      int down = t / columns.taps() * rows.dilation() * band.width();
      offsets[t] = (down + t % columns.taps() * columns.dilation()) * channels;
    }
    return offsets;
  }
}
