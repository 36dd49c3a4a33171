package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.kernel.PoolGeometry;

/** Pools windows with plain loops along the channels. */
final class ScalarPool {
  private ScalarPool() {}

  /** Computes one output pixel, in parallel with others. */
  @FunctionalInterface
  interface Pixel {
    /** Computes output pixel (image, row, column), whose channels start at {@code at}. */
    void run(int image, int row, int column, int at);
  }

  /** Runs a body for every output pixel. */
  static void each(PoolGeometry g, Pixel body) {
    int lines = g.batch() * g.outHeight();
    Parallel.range(
        lines,
        Parallel.grain(work(g) / Math.max(1, lines)),
        (from, to) -> {
          for (int line = from; line < to; line++) {
            pixels(g, line, body);
          }
        });
  }

  /** Runs a body for every output pixel, those of one image in one thread and in scan order. */
  static void eachImage(PoolGeometry g, Pixel body) {
    Parallel.range(
        g.batch(),
        Parallel.grain(work(g) / Math.max(1, g.batch())),
        (from, to) -> {
          for (int line = from * g.outHeight(); line < to * g.outHeight(); line++) {
            pixels(g, line, body);
          }
        });
  }

  private static void pixels(PoolGeometry g, int line, Pixel body) {
    for (int column = 0; column < g.outWidth(); column++) {
      int at = (line * g.outWidth() + column) * g.channels();
      body.run(line / g.outHeight(), line % g.outHeight(), column, at);
    }
  }

  private static long work(PoolGeometry g) {
    long input = (long) g.batch() * g.height() * g.width() * g.channels();
    return Math.max(input, (long) g.batch() * g.outHeight() * g.outWidth() * g.channels());
  }

  /** Computes maxima and the positions of the winners. */
  static void max(PoolGeometry g, float[] x, float[] y, int[] index) {
    each(g, (image, row, column, at) -> maxPixel(g, x, y, index, image, row, column, at));
  }

  private static void maxPixel(
      PoolGeometry g, float[] x, float[] y, int[] index, int image, int row, int column, int at) {
    int channels = g.channels();
    Arrays.fill(y, at, at + channels, Float.NEGATIVE_INFINITY);
    Arrays.fill(index, at, at + channels, -1);
    int base = image * g.height() * g.width();
    for (int iy = g.rowStart()[row]; iy < g.rowEnd()[row]; iy += g.rowStep()) {
      for (int ix = g.columnStart()[column]; ix < g.columnEnd()[column]; ix += g.columnStep()) {
        int position = iy * g.width() + ix;
        int from = (base + position) * channels;
        for (int c = 0; c < channels; c++) {
          float value = x[from + c];
          float best = y[at + c];
          if (value > best || index[at + c] < 0 || (value != value && best == best)) {
            y[at + c] = value;
            index[at + c] = position;
          }
        }
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
    each(g, (image, row, column, at) -> averagePixel(g, x, y, image, row, column, at));
  }

  private static void averagePixel(
      PoolGeometry g, float[] x, float[] y, int image, int row, int column, int at) {
    int channels = g.channels();
    Arrays.fill(y, at, at + channels, 0);
    int base = image * g.height() * g.width();
    float share = share(g, row, column);
    for (int iy = g.rowStart()[row]; iy < g.rowEnd()[row]; iy += g.rowStep()) {
      for (int ix = g.columnStart()[column]; ix < g.columnEnd()[column]; ix += g.columnStep()) {
        int from = (base + iy * g.width() + ix) * channels;
        for (int c = 0; c < channels; c++) {
          y[at + c] += share * x[from + c];
        }
      }
    }
  }

  /** Spreads each dy over its window. */
  static void averageGrad(PoolGeometry g, float[] dy, float[] dx) {
    Arrays.fill(dx, 0, g.batch() * g.height() * g.width() * g.channels(), 0);
    eachImage(g, (image, row, column, at) -> averageGradPixel(g, dy, dx, image, row, column, at));
  }

  private static void averageGradPixel(
      PoolGeometry g, float[] dy, float[] dx, int image, int row, int column, int at) {
    int channels = g.channels();
    int base = image * g.height() * g.width();
    float share = share(g, row, column);
    for (int iy = g.rowStart()[row]; iy < g.rowEnd()[row]; iy += g.rowStep()) {
      for (int ix = g.columnStart()[column]; ix < g.columnEnd()[column]; ix += g.columnStep()) {
        int to = (base + iy * g.width() + ix) * channels;
        for (int c = 0; c < channels; c++) {
          dx[to + c] += share * dy[at + c];
        }
      }
    }
  }

  /** Returns what one element of a window counts in its average. */
  static float share(PoolGeometry g, int row, int column) {
    return 1f / (g.rowCount()[row] * g.columnCount()[column]);
  }
}
