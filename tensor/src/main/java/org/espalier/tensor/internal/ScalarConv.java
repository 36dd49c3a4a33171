package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.parallel.Parallel;

/**
 * Convolves with plain loops: a few pixels' inputs are gathered into the panel of {@link
 * ScalarGemm}, a block at a time, so that no image is ever unfolded whole.
 */
final class ScalarConv {
  /** Units of work aimed at in a weight gradient, so that small filters use several threads too. */
  private static final int WEIGHT_UNITS = 16;

  private ScalarConv() {}

  /** Computes {@code y}; see {@link org.espalier.tensor.kernel.Kernels#conv}. */
  static void forward(ConvGeometry g, float[] x, float[] weight, float[] bias, float[] y) {
    if (ScalarDepthwise.serves(g)) {
      ScalarDepthwise.forward(g, x, weight, bias, y);
    } else if (g.isPointwise()) {
      int pixels = g.batch() * g.outHeight() * g.outWidth();
      ScalarGemm.gemm(
          false, true, pixels, g.outChannels(), g.inChannels(), x, weight, bias, false, y);
    } else {
      new ScalarGather(ConvAxis.rows(g), ConvAxis.columns(g), g, g.groupIn(), g.outChannels(), x, y)
          .run(weight, bias);
    }
  }

  /** Computes {@code dx}; see {@link org.espalier.tensor.kernel.Kernels#convGradInput}. */
  static void gradInput(ConvGeometry g, float[] dy, float[] weight, float[] dx) {
    if (ScalarDepthwise.serves(g)) {
      ScalarDepthwise.gradInput(g, dy, weight, dx);
    } else if (g.isPointwise()) {
      int pixels = g.batch() * g.outHeight() * g.outWidth();
      ScalarGemm.gemm(
          false, false, pixels, g.inChannels(), g.outChannels(), dy, weight, null, false, dx);
    } else {
      new ScalarGather(
              ConvAxis.rows(g).reversed(),
              ConvAxis.columns(g).reversed(),
              g,
              g.groupOut(),
              g.inChannels(),
              dy,
              dx)
          .run(turned(g, weight), null);
    }
  }

  /** Returns the weight as {@code [inChannels, taps, groupOut]}: a row an input channel. */
  private static float[] turned(ConvGeometry g, float[] weight) {
    int taps = g.kernelHeight() * g.kernelWidth();
    int groupIn = g.groupIn();
    int groupOut = g.groupOut();
    float[] turned = new float[weight.length];
    for (int o = 0; o < g.outChannels(); o++) {
      int firstIn = o / groupOut * groupIn;
      for (int t = 0; t < taps; t++) {
        for (int c = 0; c < groupIn; c++) {
          turned[((firstIn + c) * taps + t) * groupOut + o % groupOut] =
              weight[(o * taps + t) * groupIn + c];
        }
      }
    }
    return turned;
  }

  /** Computes {@code dw}; see {@link org.espalier.tensor.kernel.Kernels#convGradWeight}. */
  static void gradWeight(ConvGeometry g, float[] x, float[] dy, float[] dw) {
    if (ScalarDepthwise.serves(g)) {
      ScalarDepthwise.gradWeight(g, x, dy, dw);
      return;
    }
    int across = g.kernelHeight() * g.kernelWidth() * g.groupIn();
    int acrossTiles = ScalarGemm.tiles(across, ScalarGemm.WIDTH);
    int downTiles = ScalarGemm.tiles(g.groupOut(), ScalarGemm.HEIGHT);
    int units = g.groups() * acrossTiles * downTiles;
    int pixels = g.batch() * g.outHeight() * g.outWidth();
    int pieces = Math.min(Math.max(1, WEIGHT_UNITS / units), Math.max(1, pixels / 512));
    float[][] partial = new float[pieces][];
    for (int piece = 0; piece < pieces; piece++) {
      partial[piece] = pieces == 1 ? dw : new float[dw.length];
    }
    long work = g.macs() / units / pieces / 4;
    Parallel.range(
        units * pieces,
        Parallel.grain(work),
        (from, to) -> {
          for (int unit = from; unit < to; unit++) {
            int piece = unit % pieces;
            int tile = unit / pieces;
            int first = (int) ((long) pixels * piece / pieces);
            int last = (int) ((long) pixels * (piece + 1) / pieces);
            int left = tile % acrossTiles * ScalarGemm.WIDTH;
            int top = tile / acrossTiles % downTiles * ScalarGemm.HEIGHT;
            int group = tile / acrossTiles / downTiles;
            weightTile(g, x, dy, group, left, top, first, last, partial[piece]);
          }
        });
    if (pieces > 1) {
      join(partial, dw);
    }
  }

  /** Sums one tile of a weight gradient over the pixels first to last. */
  private static void weightTile(
      ConvGeometry g,
      float[] x,
      float[] dy,
      int group,
      int left,
      int top,
      int first,
      int last,
      float[] dw) {
    int across = g.kernelHeight() * g.kernelWidth() * g.groupIn();
    int width = Math.min(ScalarGemm.WIDTH, across - left);
    int height = Math.min(ScalarGemm.HEIGHT, g.groupOut() - top);
    int firstOut = group * g.groupOut() + top;
    float[][] sums = new float[height][width];
    float[][] panel = new float[ScalarGemm.DEPTH][width];
    for (int pixel = first; pixel < last; pixel += ScalarGemm.DEPTH) {
      int depth = Math.min(ScalarGemm.DEPTH, last - pixel);
      for (int p = 0; p < depth; p++) {
        patch(g, x, pixel + p, group * g.groupIn(), left, width, panel[p]);
      }
      for (int r = 0; r < height; r++) {
        int at = pixel * g.outChannels() + firstOut + r;
        ScalarGemm.addRows(dy, at, g.outChannels(), panel, depth, width, sums[r]);
      }
    }
    for (int r = 0; r < height; r++) {
      System.arraycopy(sums[r], 0, dw, (firstOut + r) * across + left, width);
    }
  }

  /** Copies columns left to left + width of the patch that one output pixel reads. */
  private static void patch(
      ConvGeometry g, float[] x, int pixel, int channel, int left, int width, float[] to) {
    ConvAxis rows = ConvAxis.rows(g);
    ConvAxis columns = ConvAxis.columns(g);
    int ox = pixel % g.outWidth();
    int oy = pixel / g.outWidth() % g.outHeight();
    int image = pixel / g.outWidth() / g.outHeight();
    int at = left;
    while (at < left + width) {
      int tap = at / g.groupIn();
      int c = at % g.groupIn();
      int run = Math.min(g.groupIn() - c, left + width - at);
      int iy = rows.read(oy, tap / g.kernelWidth());
      int ix = columns.read(ox, tap % g.kernelWidth());
      if (iy < 0 || ix < 0) {
        Arrays.fill(to, at - left, at - left + run, 0);
      } else {
        int source = ((image * g.inHeight() + iy) * g.inWidth() + ix) * g.inChannels();
        System.arraycopy(x, source + channel + c, to, at - left, run);
      }
      at += run;
    }
  }

  private static void join(float[][] partial, float[] dw) {
    Parallel.range(
        dw.length,
        Parallel.grain(partial.length),
        (from, to) -> {
          for (int i = from; i < to; i++) {
            double sum = 0;
            for (float[] part : partial) {
              sum += part[i];
            }
            dw[i] = (float) sum;
          }
        });
  }
}
