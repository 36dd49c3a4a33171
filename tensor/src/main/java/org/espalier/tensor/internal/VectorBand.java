package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.internal.VectorProduct.Lines;

/**
 * Holds the part of one source image that a band of output rows reads, with its zero border, the
 * channels of one group only: {@code [rows, columns, channels]}.
 *
 * <p>In this layout the values under one row of kernel taps are one contiguous run for each pixel,
 * so a convolution is a product whose left matrix is read where it lies, tap row by tap row; the
 * copy costs a read and a write for each input value, against kernel size times output channels
 * multiplications. Runs too short to keep sums in registers (few channels) are gathered into
 * patches instead: all taps of a pixel in one row.
 */
final class VectorBand {
  /** Runs shorter than this are gathered: loading and storing the sums would cost a third. */
  private static final int SHORT = 32;

  private final WindowAxis rows;
  private final WindowAxis columns;
  private final int sourceChannels;
  private final int channels;
  private final int width;

  /** Length of a contiguous run under the taps, in floats. */
  private final int run;

  /** Runs in one window. */
  private final int runs;

  VectorBand(WindowAxis rows, WindowAxis columns, int sourceChannels, int groups) {
    this.rows = rows;
    this.columns = columns;
    this.sourceChannels = sourceChannels;
    this.channels = sourceChannels / groups;
    this.width = columns.extent(columns.outputs());
    boolean joined = columns.dilation() == 1 || columns.taps() == 1;
    this.run = joined ? columns.taps() * channels : channels;
    this.runs = joined ? rows.taps() : rows.taps() * columns.taps();
  }

  /** Returns the number of contiguous runs under the taps. */
  int runs() {
    return runs;
  }

  /** Returns the length of each run. */
  int run() {
    return run;
  }

  /** Tells whether windows should be gathered into patches. */
  boolean isShort() {
    return run < SHORT && runs > 1;
  }

  /** Returns the floats that a band of so many output rows takes. */
  long size(int outputRows) {
    return (long) rows.extent(outputRows) * width * channels;
  }

  /** Returns where the windows of a band start, those of output pixels row by row. */
  Lines windows(int from) {
    return new Lines(
        from,
        columns.copyStride() * channels,
        columns.outputs(),
        rows.copyStride() * width * channels);
  }

  /** Returns the offset of a run in the window. */
  int offset(int index) {
    int perRow = runs / rows.taps();
    return (index / perRow * rows.dilation() * width + index % perRow * columns.dilation())
        * channels;
  }

  /** Copies what {@code count} output rows from {@code first} on read of an image and group. */
  void fill(float[] source, int image, int group, int first, int count, float[] band) {
    int height = rows.extent(count);
    int length = width * channels;
    for (int i = 0; i < height; i++) {
      int y = rows.sourceOf(first, i);
      if (y < 0 || y >= rows.source()) {
        Arrays.fill(band, i * length, (i + 1) * length, 0);
      } else {
        int line = (image * rows.source() + y) * columns.source();
        line(source, line * sourceChannels + group * channels, band, i * length);
      }
    }
  }

  private void line(float[] source, int from, float[] band, int to) {
    int spacing = columns.copySpacing();
    int before = columns.sourceOf(0, 0);
    int left = Math.min(width, before >= 0 ? 0 : (-before + spacing - 1) / spacing);
    int inside = columns.source() - 1 - before;
    int right = inside < 0 ? left : Math.max(left, Math.min(width, inside / spacing + 1));
    Arrays.fill(band, to, to + left * channels, 0);
    if (spacing == 1 && channels == sourceChannels && right > left) {
      System.arraycopy(
          source,
          from + (before + left) * channels,
          band,
          to + left * channels,
          (right - left) * channels);
    } else {
      for (int i = left; i < right; i++) {
        System.arraycopy(
            source,
            from + (before + i * spacing) * sourceChannels,
            band,
            to + i * channels,
            channels);
      }
    }
    Arrays.fill(band, to + right * channels, to + width * channels, 0);
  }

  /**
   * Gathers the windows of {@code count} pixels of a band into rows.
   *
   * @param firstRun first run to gather
   * @param endRun run behind the last one to gather
   * @param patches receives the rows from {@code to} on (modified)
   */
  void gather(
      float[] band,
      Lines windows,
      int first,
      int count,
      int firstRun,
      int endRun,
      float[] patches,
      int to) {
    int patch = (endRun - firstRun) * run;
    for (int r = firstRun; r < endRun; r++) {
      int offset = offset(r);
      int target = to + (r - firstRun) * run;
      for (int pixel = 0; pixel < count; pixel++) {
        int source = windows.at(first + pixel) + offset;
        copy(band, source, patches, target + pixel * patch);
      }
    }
  }

  private void copy(float[] from, int at, float[] to, int target) {
    if (run >= 16) {
      System.arraycopy(from, at, to, target, run);
    } else {
      for (int i = 0; i < run; i++) {
        to[target + i] = from[at + i];
      }
    }
  }
}
