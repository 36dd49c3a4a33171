package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.LANES;

import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.parallel.Parallel;

/**
 * Slides one filter for each channel over images, a band of output rows at a time and in it a
 * vector of channels at a time: {@code target[pixel, c] = start[c] + Σ_t source[pixel moved by t,
 * c] · weights[t, c]}.
 *
 * <p>Channels that fill no last vector are computed together with some of those before, once more.
 * Fewer channels than lanes are read and written a vector a pixel too: what is written too far is
 * overwritten by the next pixel, and the last rows of a band are packed.
 */
final class VectorDepthwiseSweep {
  /**
   * Floats of a band's source: an eighth of an L2 cache, so that it stays there beside the target
   * and single images make several bands.
   */
  private static final int BAND = 1 << 15;

  private final int images;
  private final WindowAxis rows;
  private final WindowAxis columns;
  private final int channels;

  /** Computes some rows of one vector of channels. */
  interface Kernel {
    /**
     * Computes output rows {@code first} to {@code end} for the lanes from {@code channel} on.
     *
     * @param target modified
     */
    void run(int first, int end, PixelPlane source, int channel, PixelPlane target);
  }

  VectorDepthwiseSweep(int images, WindowAxis rows, WindowAxis columns, int channels) {
    this.images = images;
    this.rows = rows;
    this.columns = columns;
    this.channels = channels;
  }

  /** Returns the channels that weights and starts need: at least a vector. */
  static int width(int channels) {
    return Math.max(channels, LANES);
  }

  /** Returns where the vector that should start at a channel does: the last ones overlap. */
  static int block(int channel, int channels) {
    return Math.max(0, Math.min(channel, channels - LANES));
  }

  /**
   * Computes the sweep.
   *
   * @param weights {@code [taps, width(channels)]}
   * @param start what the outputs of each channel start from, {@code [width(channels)]}
   * @param clamp the interval that outputs are clamped to, or null; only in a forward pass
   * @param target receives the outputs, at the places the axes say (modified)
   */
  void run(float[] source, float[] weights, float[] start, Clamp clamp, float[] target) {
    int width = width(channels);
    boolean slides = VectorDepthwiseSlide.serves(rows, columns);
    long floats =
        (long) rows.source() * columns.source() + (long) rows.outputs() * columns.outputs();
    boolean ahead = ReadAhead.pays(images * floats * channels);
    VectorDepthwiseInput input = new VectorDepthwiseInput(rows, columns, channels, !slides, ahead);
    Kernel kernel =
        slides
            ? new VectorDepthwiseSlide(rows, columns, weights, start, width)
            : new VectorDepthwiseTaps(columns.outputs(), input.offsets(), weights, start, width);
    int together = together();
    int bands = (rows.outputs() + together - 1) / together;
    long products = (long) columns.outputs() * width * rows.taps() * columns.taps();
    Parallel.range(
        images * bands,
        Parallel.grain(together * products / LANES),
        (from, to) -> {
          float[] copy = Scratch.take(input.size(together));
          PixelPlane out = outputs(target, from / bands);
          for (int item = from; item < to; item++) {
            int first = item % bands * together;
            int end = Math.min(first + together, rows.outputs());
            PixelPlane in = input.plane(source, item / bands, first, end, copy);
            if (item % bands == 0) {
              out = outputs(target, item / bands);
            }
            band(kernel, first, end, in, out);
            if (clamp != null) {
              ScalarElementwise.clamp(clamp, target, out.place(first, 0), out.place(end, 0));
            }
          }
          Scratch.give(copy);
        });
  }

  /** Returns the places of one image's outputs. */
  private PixelPlane outputs(float[] target, int image) {
    return PixelPlane.of(target, image, rows.target(), columns.target(), channels)
        .outputs(rows, columns);
  }

  private void band(Kernel kernel, int first, int end, PixelPlane source, PixelPlane target) {
    if (channels >= LANES) {
      for (int channel = 0; channel < channels; channel += LANES) {
        kernel.run(first, end, source, block(channel, channels), target);
      }
      return;
    }
    int packed = packed(first, end, target);
    kernel.run(first, packed, source, 0, target);
    float[] wide = Scratch.take((long) (end - packed) * columns.outputs() * LANES);
    PixelPlane vectors = PixelPlane.vectors(wide, packed, columns.outputs());
    kernel.run(packed, end, source, 0, vectors);
    target.pack(vectors, packed, end, columns.outputs(), channels);
    Scratch.give(wide);
  }

  /**
   * Returns the first row that is not written where it belongs, because what a vector writes too
   * far might not be overwritten by the rows behind it in this band.
   */
  private int packed(int first, int end, PixelPlane target) {
    int line = columns.outputs() * channels;
    boolean dense = target.step() == channels && target.line() == line;
    return dense ? Math.max(first, end - (LANES + line - 1) / line) : first;
  }

  /** Returns the output rows of a band. */
  private int together() {
    long line = (long) rows.stride() * columns.source() * channels;
    return (int) Math.max(1, Math.min(rows.outputs(), BAND / Math.max(1, line)));
  }
}
