package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.LANES;

import java.util.Arrays;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.parallel.Parallel;

/**
 * Sums the gradient of a depthwise convolution's weight over all pixels: {@code dw[c, t] = Σ_pixel
 * dy[pixel, c] · x[pixel moved by t, c]}.
 *
 * <p>The output rows of all images are cut into pieces by the size of the problem; each sums for
 * itself and the pieces are added in order, so that the result does not depend on the threads. A
 * piece sums bands of a few hundred pixels in registers and then adds those sums: three short sums
 * round much less than a long one.
 */
final class VectorDepthwiseGradient {
  /** Most pieces: enough for eight threads, few enough that adding them up costs nothing. */
  private static final int PIECES = 16;

  /** Pixels summed in a register: what is lost in rounding grows with the root of their number. */
  private static final int PIXELS = 512;

  /** Floats of a band's input: a quarter of an L2 cache. */
  private static final int BAND = 1 << 16;

  private final ConvGeometry g;
  private final WindowAxis rows;
  private final WindowAxis columns;
  private final float[] x;
  private final float[] dy;
  private final boolean slides;
  private final boolean ahead;
  private final VectorDepthwiseInput input;
  private final int[] offsets;
  private final int together;

  VectorDepthwiseGradient(ConvGeometry g, float[] x, float[] dy) {
    this.g = g;
    this.rows = WindowAxis.rows(g);
    this.columns = WindowAxis.columns(g);
    this.x = x;
    this.dy = dy;
    this.slides = VectorDepthwiseSlideGradient.serves(rows, columns);
    long floats = (long) g.inHeight() * g.inWidth() + (long) g.outHeight() * g.outWidth();
    this.ahead = ReadAhead.pays(g.batch() * floats * g.inChannels());
    this.input = new VectorDepthwiseInput(rows, columns, g.inChannels(), !slides, ahead);
    this.offsets = input.offsets();
    int line = g.strideHeight() * g.inWidth() * g.inChannels();
    int most = Math.min(PIXELS / g.outWidth(), BAND / line);
    this.together = Math.max(1, Math.min(g.outHeight(), most));
  }

  /** Computes the gradient. */
  void run(float[] dw) {
    int lines = g.batch() * g.outHeight();
    long work = g.macs() / Math.max(1, lines) / Math.min(g.inChannels(), LANES);
    int grain = Math.max(Parallel.grain(work), lines / PIECES);
    int pieces = Parallel.pieces(lines, grain);
    int length = taps() * LANES;
    int blocks = (g.inChannels() + LANES - 1) / LANES;
    int size = blocks * length;
    float[] parts = Scratch.take((long) pieces * size);
    Arrays.fill(parts, 0, pieces * size, 0);
    Parallel.numbered(
        lines, grain, (piece, from, to) -> sum(from, to, parts, piece * size, blocks));
    for (int block = 0; block < blocks; block++) {
      int channel = VectorDepthwiseSweep.block(block * LANES, g.inChannels());
      int count = Math.min(LANES, g.inChannels());
      for (int t = 0; t < taps(); t++) {
        for (int c = 0; c < count; c++) {
          double sum = 0;
          int at = block * length + t * LANES + c;
          for (int piece = 0; piece < pieces; piece++) {
            sum += parts[piece * size + at];
          }
          dw[(channel + c) * taps() + t] = (float) sum;
        }
      }
    }
    Scratch.give(parts);
  }

  private int taps() {
    return g.kernelHeight() * g.kernelWidth();
  }

  /** Sums over lines of pixels {@code from} to {@code to} of the batch. */
  private void sum(int from, int to, float[] parts, int at, int blocks) {
    float[] sums = Scratch.take((long) taps() * LANES);
    float[] copy = Scratch.take(input.size(together));
    // Pixels as wide as vectors are never copied.
    int copied = g.inChannels() < LANES ? together * g.outWidth() * g.inChannels() + LANES : 0;
    float[] upstream = Scratch.take(copied);
    int line = from;
    while (line < to) {
      int image = line / g.outHeight();
      int first = line % g.outHeight();
      int end = Math.min(Math.min(first + together, g.outHeight()), first + to - line);
      PixelPlane in = input.plane(x, image, first, end, copy);
      PixelPlane out =
          PixelPlane.of(dy, image, g.outHeight(), g.outWidth(), g.inChannels())
              .readable(first, end, g.inChannels(), ahead, upstream);
      for (int block = 0; block < blocks; block++) {
        band(first, end, in, VectorDepthwiseSweep.block(block * LANES, g.inChannels()), out, sums);
        add(sums, taps() * LANES, parts, at + block * taps() * LANES);
      }
      line += end - first;
    }
    Scratch.give(sums);
    Scratch.give(copy);
    Scratch.give(upstream);
  }

  private void band(int first, int end, PixelPlane in, int channel, PixelPlane out, float[] sums) {
    if (slides) {
      VectorDepthwiseSlideGradient.sum(rows, columns, first, end, in, channel, out, sums);
    } else {
      VectorDepthwiseTapsGradient.sum(offsets, g.outWidth(), first, end, in, channel, out, sums);
    }
  }

  private static void add(float[] numbers, int length, float[] sums, int at) {
    for (int i = 0; i < length; i++) {
      sums[at + i] += numbers[i];
    }
  }
}
