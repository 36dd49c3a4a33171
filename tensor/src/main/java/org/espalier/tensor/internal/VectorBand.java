package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.LANES;

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

  /** Where each run starts in the window. */
  private final int[] offsets;

  VectorBand(WindowAxis rows, WindowAxis columns, int sourceChannels, int groups) {
    this.rows = rows;
    this.columns = columns;
    this.sourceChannels = sourceChannels;
    this.channels = sourceChannels / groups;
    this.width = columns.extent(columns.outputs());
    boolean joined = columns.dilation() == 1 || columns.taps() == 1;
    this.run = joined ? columns.taps() * channels : channels;
    this.runs = joined ? rows.taps() : rows.taps() * columns.taps();
    int perRow = runs / rows.taps();
    this.offsets = new int[runs];
    for (int r = 0; r < runs; r++) {
      int pixels = r / perRow * rows.dilation() * width + r % perRow * columns.dilation();
      offsets[r] = pixels * channels;
    }
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
    return isShort(run) && runs > 1;
  }

  /** Tells whether runs of this length are too short to keep sums in registers over each. */
  static boolean isShort(int run) {
    return run < SHORT;
  }

  /** Returns the columns of a band. */
  int width() {
    return width;
  }

  /** Returns the floats that a band of so many output rows takes. */
  long size(int outputRows) {
    return (long) rows.extent(outputRows) * width * channels + LANES;
  }

  /** Returns how the windows of a band lie, those of output pixels row by row. */
  Lines windows() {
    return new Lines(
        0,
        columns.copyStride() * channels,
        columns.outputs(),
        rows.copyStride() * width * channels);
  }

  /** Returns the offset of a run in the window. */
  int offset(int index) {
    return offsets[index];
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
        int pixel = from + (before + i * spacing) * sourceChannels;
        int target = to + i * channels;
        if (channels >= LANES) {
          System.arraycopy(source, pixel, band, target, channels);
        } else {
          for (int c = 0; c < channels; c++) {
            band[target + c] = source[pixel + c];
          }
        }
      }
    }
    Arrays.fill(band, to + right * channels, to + width * channels, 0);
  }

  /**
   * Gathers the windows of {@code count} pixels of a band into rows, by whole vectors: what one run
   * writes too far is overwritten by the next one; what would reach behind the last row is written
   * exactly. The band may be read up to {@link VectorPanels#LANES} floats behind its end.
   *
   * @param firstRun first run to gather
   * @param endRun run behind the last one to gather
   * @param patches receives the rows from {@code to} on (modified)
   */
  void gather(
      float[] band, int first, int count, int firstRun, int endRun, float[] patches, int to) {
    Lines windows = windows();
    int line = first / windows.period();
    int column = first % windows.period();
    int target = to;
    int end = to + count * (endRun - firstRun) * run;
    int reach = (run + LANES - 1) / LANES * LANES;
    for (int pixel = 0; pixel < count; pixel++) {
      int window = line * windows.jump() + column * windows.step();
      for (int r = firstRun; r < endRun; r++) {
        if (target + reach <= end) {
          copyWhole(band, window + offsets[r], patches, target);
        } else {
          VectorPanels.copy(band, window + offsets[r], patches, target, run);
        }
        target += run;
      }
      if (++column == windows.period()) {
        column = 0;
        line++;
      }
    }
  }

  private void copyWhole(float[] band, int source, float[] patches, int target) {
    for (int i = 0; i < run; i += LANES) {
      VectorPanels.copyVector(band, source + i, patches, target + i);
    }
  }
}
