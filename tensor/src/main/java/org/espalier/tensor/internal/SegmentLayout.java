package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.kernel.Clamp;

/**
 * Lays blocks of segments out, a segment being four rows of outputs of an image and the six rows of
 * inputs under a 3x3 kernel.
 *
 * <p>Lines of pixels lie at the distance of the pitch, zeros of the padding between them, which two
 * lines share. Lines whose numbers leave the same rest by four are one phase and lie behind each
 * other: so the first rows of all segments of an image are one run, the second rows another, and
 * the fifth and sixth are the first and second of the next segment.
 *
 * @param rows rows of the convolution, three taps, stride 1
 * @param columns columns of the convolution, three taps, stride 1
 * @param down segments of an image
 * @param segments segments of all images
 * @param together segments of a block
 * @param pitch places from one line to the next
 * @param phase places of a phase
 */
record SegmentLayout(
    WindowAxis rows,
    WindowAxis columns,
    int down,
    int segments,
    int together,
    int pitch,
    int phase) {
  /** Taps of the kernel along an axis. */
  static final int TAPS = 3;

  /** Rows of outputs of a segment; phases of the inputs. */
  static final int HIGH = 4;

  /** Phases of which a segment reads two lines, its own and that of the next segment. */
  private static final int SHARED = 2;

  /** Places of a block aimed at: what is made of them fits the L2 cache. */
  private static final int PLACES = 500;

  /**
   * Returns the layout.
   *
   * @param slack places that are written behind the last line of a phase
   */
  static SegmentLayout of(int images, WindowAxis rows, WindowAxis columns, int slack) {
    int down = (rows.outputs() + HIGH - 1) / HIGH;
    int segments = images * down;
    int pitch = columns.source() + Math.max(columns.pad(), behind(columns));
    int together = Math.max(1, Math.min((segments + 1) / 2, PLACES / pitch));
    int bands = (together + down - 2) / down + 1;
    int phase = (together + bands) * pitch + slack;
    return new SegmentLayout(rows, columns, down, segments, together, pitch, phase);
  }

  /** Tells whether an axis is padded by nothing or zeros, on both sides. */
  static boolean serves(WindowAxis axis) {
    return axis.taps() == TAPS
        && axis.stride() == 1
        && axis.dilation() == 1
        && axis.pad() >= 0
        && behind(axis) >= 0;
  }

  private static int behind(WindowAxis axis) {
    return axis.outputs() + TAPS - 1 - axis.source() - axis.pad();
  }

  /** Returns the number of blocks. */
  int blocks() {
    return (segments + together - 1) / together;
  }

  /** Returns the places of all phases. */
  int places() {
    return HIGH * phase;
  }

  /** Returns the end of the segments that lie in the image of segment {@code i} of a block. */
  int bandEnd(int first, int i, int count) {
    return Math.min(count, i + down - (first + i) % down);
  }

  /** Returns the first place of segment {@code i} of a block in a phase. */
  int place(int first, int i, int m) {
    int before = (first + i) / down - first / down;
    return (i + (m < SHARED ? before : 0)) * pitch;
  }

  /** Returns the end of the places of a phase that a block of {@code count} segments uses. */
  int end(int first, int count, int m) {
    return place(first, count - 1, m) + (m < SHARED ? 2 : 1) * pitch;
  }

  /**
   * Copies the inputs of a block to their places, in the order in which they lie, zeros where there
   * is no row.
   *
   * @param lines receives {@code channels} floats at each place but those between lines (modified)
   */
  void take(float[] source, int channels, int first, int count, float[] lines) {
    int length = columns.source() * channels;
    int end;
    for (int i = 0; i < count; i = end) {
      end = bandEnd(first, i, count);
      int image = (first + i) / down * rows.source();
      int top = (first + i) % down * HIGH - rows.pad();
      for (int k = 0; k < HIGH * (end - i) + SHARED; k++) {
        int place = k % HIGH * phase + place(first, i, k % HIGH) + k / HIGH * pitch;
        int to = (place + columns.pad()) * channels;
        int y = top + k;
        if (y >= 0 && y < rows.source()) {
          System.arraycopy(source, (image + y) * length, lines, to, length);
        } else {
          Arrays.fill(lines, to, to + length, 0);
        }
      }
    }
  }

  /** Copies the outputs of a block, segments behind each other in each phase, to their rows. */
  void put(float[] lines, int channels, int first, int count, Clamp clamp, float[] target) {
    int length = columns.outputs() * channels;
    for (int i = 0; i < count; i++) {
      int y = (first + i) % down * HIGH;
      int to = ((first + i) / down * rows.outputs() + y) * length;
      int high = Math.min(HIGH, rows.outputs() - y);
      for (int m = 0; m < high; m++) {
        int from = (m * phase + i * pitch) * channels;
        System.arraycopy(lines, from, target, to + m * length, length);
      }
      if (clamp != null) {
        ScalarElementwise.clamp(clamp, target, to, to + high * length);
      }
    }
  }

  /** Returns the row at which a segment begins, of images so high. */
  int row(int height, int segment) {
    return segment / down * height + Math.min(height, segment % down * HIGH);
  }
}
