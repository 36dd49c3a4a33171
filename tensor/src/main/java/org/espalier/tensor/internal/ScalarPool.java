package org.espalier.tensor.internal;

import java.util.Arrays;
import java.util.function.IntConsumer;
import org.espalier.tensor.kernel.PoolGeometry;
import org.espalier.tensor.parallel.Parallel;

/**
 * Pools windows with plain loops along the channels, and shares pixels out for both kernel sets.
 */
final class ScalarPool {
  private ScalarPool() {}

  /** Works on one output pixel. */
  @FunctionalInterface
  interface Pixel {
    /**
     * Works on output pixel (image, row, column), whose channels start at {@code at}.
     *
     * @param taps positions {@code row · width + column} of its window, in scan order; reused for
     *     the next one
     * @param room floats from {@code at} to the end of the line, whose pixels are run from the
     *     first to the last
     */
    void run(int image, int[] taps, float share, int at, int room);
  }

  /** Runs a body for every output pixel. */
  static void each(PoolGeometry g, Pixel body) {
    int lines = g.batch() * g.outHeight();
    Parallel.range(
        lines,
        Parallel.grain(work(g) / Math.max(1, lines)),
        (from, to) -> lines(g, from, to, body));
  }

  /**
   * Runs a body for every output pixel, those of one image in one thread and in scan order.
   *
   * @param start runs for each image before its pixels
   */
  static void eachImage(PoolGeometry g, IntConsumer start, Pixel body) {
    Parallel.range(
        g.batch(),
        Parallel.grain(work(g) / Math.max(1, g.batch())),
        (from, to) -> {
          for (int image = from; image < to; image++) {
            start.accept(image);
            lines(g, image * g.outHeight(), (image + 1) * g.outHeight(), body);
          }
        });
  }

  private static void lines(PoolGeometry g, int from, int to, Pixel body) {
    int[] widths = new int[g.outWidth()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = steps(g.columnStart()[column], g.columnEnd()[column], g.columnStep());
    }
    int[] taps = new int[0];
    for (int line = from; line < to; line++) {
      int image = line / g.outHeight();
      int row = line % g.outHeight();
      int height = steps(g.rowStart()[row], g.rowEnd()[row], g.rowStep());
      int room = widths.length * g.channels();
      int end = (line + 1) * room;
      for (int column = 0; column < widths.length; column++, room -= g.channels()) {
        float share = 1f / (g.rowCount()[row] * g.columnCount()[column]);
        taps = taps(g, row, height, column, widths[column], taps);
        body.run(image, taps, share, end - room, room);
      }
    }
  }

  private static long work(PoolGeometry g) {
    long input = (long) g.batch() * g.height() * g.width() * g.channels();
    return Math.max(input, (long) g.batch() * g.outHeight() * g.outWidth() * g.channels());
  }

  /** Lists the positions of a window, in the array of the window before if that is as large. */
  private static int[] taps(
      PoolGeometry g, int row, int height, int column, int width, int[] before) {
    int[] taps = before.length == height * width ? before : new int[height * width];
    for (int i = 0; i < height; i++) {
      int first = (g.rowStart()[row] + i * g.rowStep()) * g.width() + g.columnStart()[column];
      for (int j = 0; j < width; j++) {
        taps[i * width + j] = first + j * g.columnStep();
      }
    }
    return taps;
  }

  private static int steps(int start, int end, int step) {
    return Math.max(0, (end - start + step - 1) / step);
  }

  /** Computes maxima and the positions of the winners. */
  static void max(PoolGeometry g, float[] x, float[] y, int[] index) {
    int image = g.height() * g.width() * g.channels();
    each(
        g,
        (n, taps, share, at, room) ->
            maxChannels(x, n * image, taps, 0, g.channels(), y, index, at));
  }

  /**
   * Computes the maxima of the channels {@code first} to {@code channels} of one output pixel.
   *
   * @param base where the image starts
   */
  static void maxChannels(
      float[] x, int base, int[] taps, int first, int channels, float[] y, int[] index, int at) {
    for (int c = first; c < channels; c++) {
      y[at + c] = taps.length == 0 ? Float.NEGATIVE_INFINITY : x[base + taps[0] * channels + c];
      index[at + c] = taps.length == 0 ? -1 : taps[0];
    }
    for (int t = 1; t < taps.length; t++) {
      int from = base + taps[t] * channels;
      int position = taps[t];
      for (int c = first; c < channels; c++) {
        float rival = x[from + c];
        float best = y[at + c];
        // Without branches, which nobody could predict. Adding 0 makes -0 equal 0; a NaN that is
        // best stays best, since max keeps its bits.
        float better = Math.max(best, rival);
        int change = Float.floatToRawIntBits(better + 0f) ^ Float.floatToRawIntBits(best + 0f);
        int changed = (change | -change) >> 31;
        index[at + c] ^= (index[at + c] ^ position) & changed;
        y[at + c] = better;
      }
    }
  }

  /** Sends each dy to its winner. */
  static void maxGrad(PoolGeometry g, float[] dy, int[] index, float[] dx) {
    int channels = g.channels();
    int image = g.height() * g.width() * channels;
    int output = g.outHeight() * g.outWidth() * channels;
    Parallel.range(
        g.batch(),
        Parallel.grain(image),
        (from, to) -> {
          Arrays.fill(dx, from * image, to * image, 0);
          for (int n = from; n < to; n++) {
            for (int at = n * output; at < (n + 1) * output; at += channels) {
              for (int c = 0; c < channels; c++) {
                if (index[at + c] >= 0) {
                  dx[n * image + index[at + c] * channels + c] += dy[at + c];
                }
              }
            }
          }
        });
  }

  /** Computes averages; an empty window gives 0. */
  static void average(PoolGeometry g, float[] x, float[] y) {
    int channels = g.channels();
    int image = g.height() * g.width() * channels;
    each(
        g,
        (n, taps, share, at, room) -> {
          Arrays.fill(y, at, at + channels, 0);
          for (int tap : taps) {
            addScaled(share, x, n * image + tap * channels, y, at, channels);
          }
        });
  }

  /** Spreads each dy over its window. */
  static void averageGrad(PoolGeometry g, float[] dy, float[] dx) {
    int channels = g.channels();
    int image = g.height() * g.width() * channels;
    eachImage(
        g,
        n -> Arrays.fill(dx, n * image, (n + 1) * image, 0),
        (n, taps, share, at, room) -> {
          for (int tap : taps) {
            addScaled(share, dy, at, dx, n * image + tap * channels, channels);
          }
        });
  }

  private static void addScaled(
      float factor, float[] x, int from, float[] y, int to, int channels) {
    for (int c = 0; c < channels; c++) {
      y[to + c] += factor * x[from + c];
    }
  }
}
