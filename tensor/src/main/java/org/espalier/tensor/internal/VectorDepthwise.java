package org.espalier.tensor.internal;

import java.util.Arrays;
import java.util.List;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Convolves each channel with a filter of its own, with vectors along the channels, and chooses the
 * way: forward and backward are sweeps of {@link VectorDepthwiseSweep}, but for the gradient of a
 * 3x3 convolution of stride 2, which {@link VectorDepthwiseSpread} does at once.
 */
final class VectorDepthwise {
  private VectorDepthwise() {}

  /** Computes {@code y} (modified); see {@link org.espalier.tensor.kernel.Kernels#conv}. */
  static void forward(
      ConvGeometry g, float[] x, float[] weight, float[] bias, Clamp clamp, float[] y) {
    sweep(g, WindowAxis.rows(g), WindowAxis.columns(g), x, weight, bias, clamp, y);
  }

  /**
   * Computes {@code dx} (modified); see {@link org.espalier.tensor.kernel.Kernels#convGradInput}.
   */
  static void gradInput(ConvGeometry g, float[] dy, float[] weight, float[] dx) {
    if (VectorDepthwiseSpread.serves(g)) {
      float[] taps = byTaps(g, WindowAxis.rows(g), WindowAxis.columns(g), weight);
      new VectorDepthwiseSpread(g, taps).run(dy, dx);
      Scratch.give(taps);
      return;
    }
    List<WindowAxis> allRows = WindowAxis.rows(g).reversed();
    List<WindowAxis> allColumns = WindowAxis.columns(g).reversed();
    for (WindowAxis rows : allRows) {
      for (WindowAxis columns : allColumns) {
        if (rows.taps() == 0 || columns.taps() == 0) {
          // No sweep writes the positions that no tap reads.
          Arrays.fill(dx, 0, g.batch() * g.inHeight() * g.inWidth() * g.inChannels(), 0);
        }
      }
    }
    for (WindowAxis rows : allRows) {
      for (WindowAxis columns : allColumns) {
        if (rows.taps() > 0 && columns.taps() > 0) {
          sweep(g, rows, columns, dy, weight, null, null, dx);
        }
      }
    }
  }

  /**
   * Computes {@code dw} (modified); see {@link org.espalier.tensor.kernel.Kernels#convGradWeight}.
   */
  static void gradWeight(ConvGeometry g, float[] x, float[] dy, float[] dw) {
    new VectorDepthwiseGradient(g, x, dy).run(dw);
  }

  private static void sweep(
      ConvGeometry g,
      WindowAxis rows,
      WindowAxis columns,
      float[] source,
      float[] weight,
      float[] bias,
      Clamp clamp,
      float[] target) {
    int channels = g.inChannels();
    float[] taps = byTaps(g, rows, columns, weight);
    float[] start = Scratch.take(VectorDepthwiseSweep.width(channels));
    Arrays.fill(start, 0, VectorDepthwiseSweep.width(channels), 0);
    if (bias != null) {
      System.arraycopy(bias, 0, start, 0, channels);
    }
    new VectorDepthwiseSweep(g.batch(), rows, columns, channels)
        .run(source, taps, start, clamp, target);
    Scratch.give(start);
    Scratch.give(taps);
  }

  /** Returns the part of the weight that one sweep uses as {@code [taps, width]}. */
  private static float[] byTaps(
      ConvGeometry g, WindowAxis rows, WindowAxis columns, float[] weight) {
    int width = VectorDepthwiseSweep.width(g.inChannels());
    int all = g.kernelHeight() * g.kernelWidth();
    int taps = rows.taps() * columns.taps();
    float[] byTaps = Scratch.take((long) taps * width);
    for (int t = 0; t < taps; t++) {
      int i = rows.firstTap() + t / columns.taps() * rows.tapStep();
      int j = columns.firstTap() + t % columns.taps() * columns.tapStep();
      int from = i * g.kernelWidth() + j;
      for (int c = 0; c < g.inChannels(); c++) {
        byTaps[t * width + c] = weight[c * all + from];
      }
      Arrays.fill(byTaps, t * width + g.inChannels(), (t + 1) * width, 0);
    }
    return byTaps;
  }
}
