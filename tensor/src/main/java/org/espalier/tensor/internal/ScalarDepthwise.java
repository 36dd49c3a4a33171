package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.parallel.Parallel;

/**
 * Convolves each channel with a filter of its own, along the channels of some neighbouring pixels
 * at a time.
 *
 * <p>Inputs and repeated weights are copied into rows that start at index 0, because only loops
 * over equal indices become vector code.
 */
final class ScalarDepthwise {
  /** Aimed-at elements of a stretch of pixels. */
  private static final int LENGTH = 512;

  /** Lines of pixels summed in float before the sums move on to double. */
  private static final int FLUSH = 32;

  private final ConvAxis rows;
  private final ConvAxis columns;
  private final int batch;
  private final int channels;
  private final float[] source;

  /** Pixels of a stretch. */
  private final int stretch;

  private ScalarDepthwise(
      ConvAxis rows, ConvAxis columns, int batch, int channels, float[] source) {
    this.rows = rows;
    this.columns = columns;
    this.batch = batch;
    this.channels = channels;
    this.source = source;
    this.stretch = Math.max(1, Math.min(columns.destination(), LENGTH / Math.max(1, channels)));
  }

  /** Tells whether this class can do the convolution: one output channel for each input channel. */
  static boolean serves(ConvGeometry g) {
    return g.isDepthwise() && g.outChannels() == g.inChannels();
  }

  /** Computes {@code y}. */
  static void forward(ConvGeometry g, float[] x, float[] weight, float[] bias, float[] y) {
    new ScalarDepthwise(ConvAxis.rows(g), ConvAxis.columns(g), g.batch(), g.inChannels(), x)
        .apply(weight, bias, y);
  }

  /** Computes {@code dx}. */
  static void gradInput(ConvGeometry g, float[] dy, float[] weight, float[] dx) {
    new ScalarDepthwise(
            ConvAxis.rows(g).reversed(),
            ConvAxis.columns(g).reversed(),
            g.batch(),
            g.inChannels(),
            dy)
        .apply(weight, null, dx);
  }

  /** Computes {@code dw}. */
  static void gradWeight(ConvGeometry g, float[] x, float[] dy, float[] dw) {
    new ScalarDepthwise(ConvAxis.rows(g), ConvAxis.columns(g), g.batch(), g.inChannels(), x)
        .correlate(dy, dw);
  }

  private void apply(float[] weight, float[] bias, float[] destination) {
    int width = columns.taps();
    int taps = rows.taps() * width;
    float[][] repeated = new float[taps][stretch * channels];
    for (int t = 0; t < taps; t++) {
      for (int i = 0; i < repeated[t].length; i++) {
        repeated[t][i] = weight[i % channels * taps + t];
      }
    }
    float[] start = new float[stretch * channels];
    for (int i = 0; i < start.length && bias != null; i++) {
      start[i] = bias[i % channels];
    }
    long work = (long) columns.destination() * channels * taps;
    Parallel.range(
        batch * rows.destination(),
        Parallel.grain(work),
        (from, to) -> {
          float[] sum = new float[stretch * channels];
          float[] read = new float[stretch * channels];
          int[] bases = new int[taps];
          for (int line = from; line < to; line++) {
            aim(line, bases);
            for (int x = 0; x < columns.destination(); x += stretch) {
              int pixels = Math.min(stretch, columns.destination() - x);
              System.arraycopy(start, 0, sum, 0, pixels * channels);
              for (int t = 0; t < taps; t++) {
                if (read(bases[t], x, pixels, t % width, read)) {
                  addProduct(read, repeated[t], pixels * channels, sum);
                }
              }
              int at = (line * columns.destination() + x) * channels;
              System.arraycopy(sum, 0, destination, at, pixels * channels);
            }
          }
        });
  }

  private void correlate(float[] dy, float[] dw) {
    int width = columns.taps();
    int taps = rows.taps() * width;
    int lines = batch * rows.destination();
    int grain = Parallel.grain((long) columns.destination() * channels * taps);
    double[][] partial = new double[Parallel.pieces(lines, grain)][dw.length];
    Parallel.numbered(
        lines,
        grain,
        (piece, from, to) -> {
          float[][] sums = new float[taps][stretch * channels];
          float[] read = new float[stretch * channels];
          float[] upstream = new float[stretch * channels];
          int[] bases = new int[taps];
          for (int line = from; line < to; line++) {
            aim(line, bases);
            for (int x = 0; x < columns.destination(); x += stretch) {
              int pixels = Math.min(stretch, columns.destination() - x);
              int at = (line * columns.destination() + x) * channels;
              System.arraycopy(dy, at, upstream, 0, pixels * channels);
              for (int t = 0; t < taps; t++) {
                if (read(bases[t], x, pixels, t % width, read)) {
                  addProduct(read, upstream, pixels * channels, sums[t]);
                }
              }
            }
            if ((line - from) % FLUSH == FLUSH - 1 || line == to - 1) {
              flush(sums, partial[piece]);
            }
          }
        });
    for (int i = 0; i < dw.length; i++) {
      double sum = 0;
      for (double[] part : partial) {
        sum += part[i];
      }
      dw[i] = (float) sum;
    }
  }

  /** Moves the sums of a few lines of pixels into double and clears them. */
  private void flush(float[][] sums, double[] dw) {
    for (int t = 0; t < sums.length; t++) {
      for (int i = 0; i < sums[t].length; i += channels) {
        for (int c = 0; c < channels; c++) {
          dw[c * sums.length + t] += sums[t][i + c];
        }
      }
      Arrays.fill(sums[t], 0);
    }
  }

  /** Finds the first pixel of the source row that each tap reads for a line; -1 is padding. */
  private void aim(int line, int[] bases) {
    int image = line / rows.destination();
    int y = line % rows.destination();
    for (int t = 0; t < bases.length; t++) {
      int row = rows.read(y, t / columns.taps());
      bases[t] = row < 0 ? -1 : (image * rows.source() + row) * columns.source();
    }
  }

  /**
   * Copies what a tap reads for some neighbouring destination pixels, zeros for the padding; false
   * if all of it is padding.
   */
  private boolean read(int base, int x, int pixels, int column, float[] to) {
    if (base < 0) {
      return false;
    }
    boolean any = false;
    int p = 0;
    while (p < pixels) {
      int first = columns.read(x + p, column);
      int run = 1;
      if (columns.multiply() == columns.divide() && first >= 0) {
        run = Math.min(pixels - p, columns.source() - first);
      }
      if (first < 0) {
        Arrays.fill(to, p * channels, (p + run) * channels, 0);
      } else {
        System.arraycopy(source, (base + first) * channels, to, p * channels, run * channels);
        any = true;
      }
      p += run;
    }
    return any;
  }

  private static void addProduct(float[] a, float[] b, int length, float[] sum) {
    for (int i = 0; i < length; i++) {
      sum[i] += a[i] * b[i];
    }
  }
}
