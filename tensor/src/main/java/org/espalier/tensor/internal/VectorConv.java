package org.espalier.tensor.internal;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Convolves and chooses the way: a plain matrix product where a convolution is one, Winograd's
 * transform where {@link VectorWinogradChoice} says so (for narrow groups with {@link
 * VectorJoinedGroups}), else sweeps of register tiles over bands of the input.
 */
final class VectorConv {
  private VectorConv() {}

  /** Computes {@code y} (modified); see {@link org.espalier.tensor.kernel.Kernels#conv}. */
  static void forward(
      ConvGeometry g, float[] x, VectorWeight weight, float[] bias, Clamp clamp, float[] y) {
    if (g.isPointwise()) {
      product(g, x, weight, bias, clamp, y);
      return;
    }
    VectorJoinedGroups joined = VectorJoinedGroups.of(g);
    if (joined != null) {
      joined.forward(x, weight, bias, clamp, y);
      return;
    }
    WindowAxis rows = WindowAxis.rows(g);
    WindowAxis columns = WindowAxis.columns(g);
    if (VectorWinogradChoice.planes(g)) {
      new VectorWinogradPlanes(g.batch(), rows, columns, g.inChannels(), g.outChannels())
          .run(x, false, weight, bias, clamp, y);
      return;
    }
    if (VectorWinogradChoice.serves(g, weight.isFrozen())) {
      new VectorWinograd(g.batch(), rows, columns, g.inChannels(), g.outChannels(), g.groups())
          .run(x, false, weight, bias, clamp, y);
      return;
    }
    untransformed(g, x, weight, bias, clamp, y);
  }

  /**
   * Computes {@code y} (modified) from the products of inputs and weights themselves, without
   * Winograd's transform: exact where both are integers and no part of a sum exceeds 2^24.
   */
  static void direct(ConvGeometry g, float[] x, VectorWeight weight, float[] y) {
    if (ScalarDepthwise.serves(g)) {
      VectorDepthwise.forward(g, x, weight.values(), null, null, y);
    } else if (g.isPointwise()) {
      product(g, x, weight, null, null, y);
    } else {
      untransformed(g, x, weight, null, null, y);
    }
  }

  private static void product(
      ConvGeometry g, float[] x, VectorWeight weight, float[] bias, Clamp clamp, float[] y) {
    int out = g.outChannels();
    VectorGemm.gemm(false, true, pixels(g), out, g.inChannels(), x, weight, bias, false, clamp, y);
  }

  private static void untransformed(
      ConvGeometry g, float[] x, VectorWeight weight, float[] bias, Clamp clamp, float[] y) {
    VectorJoinedPixels pixels = VectorJoinedPixels.of(g);
    if (pixels != null) {
      pixels.forward(x, weight, bias, clamp, y);
    } else {
      sweep(g, x, weight, bias, clamp, y);
    }
  }

  /** Computes {@code y} (modified) by sweeps, whatever the choice would be. */
  static void sweep(
      ConvGeometry g, float[] x, VectorWeight weight, float[] bias, Clamp clamp, float[] y) {
    WindowAxis rows = WindowAxis.rows(g);
    WindowAxis columns = WindowAxis.columns(g);
    new VectorSweep(g.batch(), rows, columns, g.inChannels(), g.outChannels(), g.groups())
        .run(x, true, weight, bias, clamp, y);
  }

  /**
   * Computes {@code dx} (modified); see {@link org.espalier.tensor.kernel.Kernels#convGradInput}.
   */
  static void gradInput(ConvGeometry g, float[] dy, VectorWeight weight, float[] dx) {
    if (g.isPointwise()) {
      VectorGemm.gemm(
          false,
          false,
          pixels(g),
          g.inChannels(),
          g.outChannels(),
          dy,
          weight,
          null,
          false,
          null,
          dx);
      return;
    }
    VectorJoinedGroups joined = VectorJoinedGroups.of(g);
    if (joined != null) {
      joined.gradInput(dy, weight, dx);
      return;
    }
    List<WindowAxis> allRows = WindowAxis.rows(g).reversed();
    List<WindowAxis> allColumns = WindowAxis.columns(g).reversed();
    ConvGeometry reversed = reversed(g);
    if (reversed != null && VectorWinogradChoice.planes(reversed)) {
      WindowAxis rows = allRows.get(0);
      new VectorWinogradPlanes(g.batch(), rows, allColumns.get(0), g.outChannels(), g.inChannels())
          .run(dy, true, weight, null, null, dx);
      return;
    }
    if (VectorWinogradChoice.serves(g)) {
      new VectorWinograd(
              g.batch(),
              allRows.get(0),
              allColumns.get(0),
              g.outChannels(),
              g.inChannels(),
              g.groups())
          .run(dy, true, weight, null, null, dx);
      return;
    }
    VectorJoinedPixels pixels = reversed == null ? null : VectorJoinedPixels.of(reversed);
    if (pixels != null) {
      float[] kernels = exchanged(g, weight.values());
      pixels.forward(dy, VectorWeight.changing(kernels), null, null, dx);
      Scratch.give(kernels);
      return;
    }
    if (Stream.concat(allRows.stream(), allColumns.stream()).anyMatch(axis -> axis.taps() == 0)) {
      // Some positions are read by no tap, and no sweep writes them.
      Arrays.fill(dx, 0, g.batch() * g.inHeight() * g.inWidth() * g.inChannels(), 0);
    }
    for (WindowAxis rows : allRows) {
      for (WindowAxis columns : allColumns) {
        if (rows.taps() > 0 && columns.taps() > 0) {
          float[] matrix = turned(g, rows, columns, weight.values());
          new VectorSweep(g.batch(), rows, columns, g.outChannels(), g.inChannels(), g.groups())
              .run(dy, false, VectorWeight.changing(matrix), null, null, dx);
          Scratch.give(matrix);
        }
      }
    }
  }

  /**
   * Returns the convolution with {@link #exchanged} kernels that computes the gradient of the
   * input, null where it takes more than one.
   */
  private static ConvGeometry reversed(ConvGeometry g) {
    if (g.strideHeight() * g.strideWidth() > 1
        || g.dilationHeight() * g.dilationWidth() > 1
        || g.groups() > 1) {
      return null;
    }
    return new ConvGeometry(
        g.batch(),
        g.outHeight(),
        g.outWidth(),
        g.outChannels(),
        g.inHeight(),
        g.inWidth(),
        g.inChannels(),
        g.kernelHeight(),
        g.kernelWidth(),
        1,
        1,
        1,
        1,
        g.kernelHeight() - 1 - g.padTop(),
        g.kernelWidth() - 1 - g.padLeft(),
        1);
  }

  /** Returns the kernels {@code [in, kh, kw, out]}, turned by 180 degrees. */
  private static float[] exchanged(ConvGeometry g, float[] weight) {
    int in = g.inChannels();
    int out = g.outChannels();
    int taps = g.kernelHeight() * g.kernelWidth();
    float[] exchanged = Scratch.take((long) in * taps * out);
    for (int tap = 0; tap < taps; tap++) {
      int to = (taps - 1 - tap) * out;
      VectorPanels.turn(out, in, weight, tap * in, taps * in, exchanged, to, taps * out);
    }
    return exchanged;
  }

  /** Returns the part of the weight that one sweep uses as {@code [groups, taps, out, in]}. */
  private static float[] turned(
      ConvGeometry g, WindowAxis rows, WindowAxis columns, float[] weight) {
    int in = g.groupIn();
    int out = g.groupOut();
    int all = g.kernelHeight() * g.kernelWidth();
    int taps = rows.taps() * columns.taps();
    float[] turned = Scratch.take((long) g.groups() * taps * out * in);
    for (int o = 0; o < g.outChannels(); o++) {
      for (int t = 0; t < taps; t++) {
        int i = rows.firstTap() + t / columns.taps() * rows.tapStep();
        int j = columns.firstTap() + t % columns.taps() * columns.tapStep();
        System.arraycopy(
            weight,
            (o * all + i * g.kernelWidth() + j) * in,
            turned,
            ((o / out * taps + t) * out + o % out) * in,
            in);
      }
    }
    return turned;
  }

  /**
   * Computes {@code dw} (modified); see {@link org.espalier.tensor.kernel.Kernels#convGradWeight}.
   */
  static void gradWeight(ConvGeometry g, float[] x, float[] dy, float[] dw) {
    VectorJoinedGroups joined = VectorJoinedGroups.of(g);
    if (joined != null) {
      joined.gradWeight(x, dy, dw);
    } else if (VectorWinogradChoice.serves(g)) {
      new VectorWinogradGradient(
              g.batch(),
              WindowAxis.rows(g),
              WindowAxis.columns(g),
              g.inChannels(),
              g.outChannels(),
              g.groups())
          .run(x, dy, dw);
    } else {
      VectorJoinedPixels pixels = VectorJoinedPixels.of(g);
      if (pixels != null) {
        pixels.gradWeight(x, dy, dw);
      } else {
        new VectorWeightGradient(g, x, dy).run(dw);
      }
    }
  }

  private static int pixels(ConvGeometry g) {
    return g.batch() * g.outHeight() * g.outWidth();
  }
}
