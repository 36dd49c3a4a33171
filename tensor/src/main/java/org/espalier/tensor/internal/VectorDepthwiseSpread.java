package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.parallel.Parallel;

/**
 * Computes the gradient of the input of a depthwise 3x3 convolution of stride 2: two neighbouring
 * rows of the gradient at once, in cells of 2x2 pixels.
 *
 * <p>Cell (a, b) holds rows {@code 2a - pad} and the next, columns likewise. Its even rows and
 * columns are read by the outer taps of two outputs, its odd ones by the middle tap of one, so two
 * loads and nine multiplications give four pixels; sweeps over each of the four kinds would load
 * nine vectors and go through the memory four times.
 */
final class VectorDepthwiseSpread {
  /** Floats of the gradient in a band: its vectors of channels share cache lines. */
  private static final int BAND = 1 << 15;

  private final ConvGeometry g;
  private final float[] weights;
  private final int width;

  /**
   * Makes the kernel.
   *
   * @param weights {@code [9, width]}, see {@link VectorDepthwiseSweep#width}
   */
  VectorDepthwiseSpread(ConvGeometry g, float[] weights) {
    this.g = g;
    this.weights = weights;
    this.width = VectorDepthwiseSweep.width(g.inChannels());
  }

  /** Tells whether the cells cover the input, and each output but one row's writes a cell. */
  static boolean serves(ConvGeometry g) {
    return serves(WindowAxis.rows(g)) && serves(WindowAxis.columns(g));
  }

  private static boolean serves(WindowAxis axis) {
    int behind = axis.source() - 2 * axis.outputs() + axis.pad();
    return axis.taps() == 3
        && axis.stride() == 2
        && axis.dilation() == 1
        && axis.pad() <= 2
        && behind >= 0
        && behind <= 2;
  }

  /** Computes {@code dx} (modified). */
  void run(float[] dy, float[] dx) {
    int channels = g.inChannels();
    int cells = g.outHeight() + 1;
    int together = Math.max(1, Math.min(cells, BAND / (2 * g.inWidth() * channels)));
    int bands = (cells + together - 1) / together;
    long floats = (long) g.inHeight() * g.inWidth() + (long) g.outHeight() * g.outWidth();
    boolean ahead = ReadAhead.pays(g.batch() * floats * channels);
    Parallel.range(
        g.batch() * bands,
        Parallel.grain(9L * together * g.outWidth() * width / LANES),
        (from, to) -> {
          for (int item = from; item < to; item++) {
            int first = item % bands * together;
            int end = Math.min(first + together, cells);
            int image = item / bands;
            PixelPlane source = PixelPlane.of(dy, image, g.outHeight(), g.outWidth(), channels);
            PixelPlane target = PixelPlane.of(dx, image, g.inHeight(), g.inWidth(), channels);
            band(first, end, source, target, ahead);
          }
        });
  }

  private void band(int first, int end, PixelPlane source, PixelPlane target, boolean ahead) {
    int channels = g.inChannels();
    int above = Math.max(0, first - 1);
    int below = Math.min(g.outHeight(), end);
    int top = Math.min(g.inHeight(), Math.max(0, 2 * first - g.padTop()));
    int bottom = Math.max(top, Math.min(g.inHeight(), 2 * end - g.padTop()));
    float[] copy = Scratch.take(channels < LANES ? (below - above) * source.line() + LANES : 0);
    float[] sink = Scratch.take(LANES);
    PixelPlane in = source.readable(above, below, channels, ahead, copy);
    if (channels >= LANES) {
      if (ahead) {
        // Lines must be in the cache to be written to, too.
        sink[0] = ReadAhead.lines(target.array(), target.place(top, 0), target.place(bottom, 0));
      }
      for (int channel = 0; channel < channels; channel += LANES) {
        cells(first, end, in, VectorDepthwiseSweep.block(channel, channels), target, sink);
      }
    } else {
      // Two rows are written at once, so all are written with a vector a pixel, and packed.
      float[] wide = Scratch.take((long) (bottom - top) * g.inWidth() * LANES);
      PixelPlane vectors = PixelPlane.vectors(wide, top, g.inWidth());
      cells(first, end, in, 0, vectors, sink);
      target.pack(vectors, top, bottom, g.inWidth(), channels);
      Scratch.give(wide);
    }
    Scratch.give(copy);
    Scratch.give(sink);
  }

  /** Computes rows {@code first} to {@code end} of cells for the lanes from {@code channel} on. */
  private void cells(
      int first, int end, PixelPlane source, int channel, PixelPlane target, float[] sink) {
    FloatVector w00 = FloatVector.fromArray(FULL, weights, channel);
    FloatVector w01 = FloatVector.fromArray(FULL, weights, channel + width);
    FloatVector w02 = FloatVector.fromArray(FULL, weights, channel + 2 * width);
    FloatVector w10 = FloatVector.fromArray(FULL, weights, channel + 3 * width);
    FloatVector w11 = FloatVector.fromArray(FULL, weights, channel + 4 * width);
    FloatVector w12 = FloatVector.fromArray(FULL, weights, channel + 5 * width);
    FloatVector w20 = FloatVector.fromArray(FULL, weights, channel + 6 * width);
    FloatVector w21 = FloatVector.fromArray(FULL, weights, channel + 7 * width);
    FloatVector w22 = FloatVector.fromArray(FULL, weights, channel + 8 * width);
    int behind = g.inWidth() - 2 * g.outWidth() + g.padLeft();
    for (int cell = first; cell < end; cell++) {
      int row = 2 * cell - g.padTop();
      float[] x0 = source.rowArray(cell - 1, g.outHeight());
      float[] x1 = source.rowArray(cell, g.outHeight());
      float[] y0 = isInside(row) ? target.array() : sink;
      float[] y1 = isInside(row + 1) ? target.array() : sink;
      int p0 = source.rowStart(cell - 1, g.outHeight(), channel);
      int p1 = source.rowStart(cell, g.outHeight(), channel);
      int above = source.rowStep(cell - 1, g.outHeight());
      int below = source.rowStep(cell, g.outHeight());
      int even = isInside(row) ? target.place(row, 0) + channel : 0;
      int odd = isInside(row + 1) ? target.place(row + 1, 0) + channel : 0;
      int step0 = isInside(row) ? target.step() : 0;
      int step1 = isInside(row + 1) ? target.step() : 0;
      int q0 = even - g.padLeft() * step0;
      int q1 = odd - g.padLeft() * step1;
      FloatVector a0 = FloatVector.zero(FULL);
      FloatVector a1 = FloatVector.zero(FULL);
      for (int column = 0; column < g.outWidth(); column++) {
        FloatVector b0 = FloatVector.fromArray(FULL, x0, p0);
        FloatVector b1 = FloatVector.fromArray(FULL, x1, p1);
        FloatVector corner = b1.fma(w00, a1.fma(w02, b0.fma(w20, a0.mul(w22))));
        // What lies left of the first column is written to its place, and then overwritten.
        FULL_TYPE.cast(corner).intoArray(y0, Math.max(q0, even));
        FULL_TYPE.cast(b1.fma(w01, b0.mul(w21))).intoArray(y0, Math.max(q0 + step0, even));
        FULL_TYPE.cast(b1.fma(w10, a1.mul(w12))).intoArray(y1, Math.max(q1, odd));
        FULL_TYPE.cast(b1.mul(w11)).intoArray(y1, Math.max(q1 + step1, odd));
        a0 = b0;
        a1 = b1;
        p0 += above;
        p1 += below;
        q0 += 2 * step0;
        q1 += 2 * step1;
      }
      if (behind >= 1) {
        FULL_TYPE.cast(a1.fma(w02, a0.mul(w22))).intoArray(y0, q0);
        FULL_TYPE.cast(a1.mul(w12)).intoArray(y1, q1);
      }
      if (behind >= 2) {
        FULL_TYPE.cast(FloatVector.zero(FULL)).intoArray(y0, q0 + step0);
        FULL_TYPE.cast(FloatVector.zero(FULL)).intoArray(y1, q1 + step1);
      }
    }
  }

  /** Tells whether the gradient has such a row; else the cell's part of it goes to the sink. */
  private boolean isInside(int row) {
    return row >= 0 && row < g.inHeight();
  }
}
