package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Convolves narrow groups of channels as fewer, wider ones with zeros between the groups that were
 * joined.
 *
 * <p>Why: a group of 8 channels fills half a vector and is too narrow for Winograd's transform,
 * which saves four times what the zeros cost where two groups fill a vector. The zeros change no
 * bit of the sums.
 */
final class VectorJoinedGroups {
  /** Groups made one: with more, the zeros would cost what the transform saves. */
  private static final int JOINED = 2;

  private final ConvGeometry narrow;
  private final ConvGeometry wide;

  private VectorJoinedGroups(ConvGeometry narrow, ConvGeometry wide) {
    this.narrow = narrow;
    this.wide = wide;
  }

  /**
   * Returns the joined convolution where Winograd's transform then serves it, null where that gains
   * nothing.
   */
  static VectorJoinedGroups of(ConvGeometry g) {
    int narrowest = Math.min(g.groupIn(), g.groupOut());
    boolean halves = narrowest < VectorPanels.LANES && JOINED * narrowest >= VectorPanels.LANES;
    if (g.groups() % JOINED != 0 || !halves) {
      return null;
    }
    ConvGeometry wide =
        new ConvGeometry(
            g.batch(),
            g.inHeight(),
            g.inWidth(),
            g.inChannels(),
            g.outHeight(),
            g.outWidth(),
            g.outChannels(),
            g.kernelHeight(),
            g.kernelWidth(),
            g.strideHeight(),
            g.strideWidth(),
            g.dilationHeight(),
            g.dilationWidth(),
            g.padTop(),
            g.padLeft(),
            g.groups() / JOINED);
    return VectorWinogradChoice.serves(wide) ? new VectorJoinedGroups(g, wide) : null;
  }

  /** Names the kernels of so many groups. */
  private record Layout(int groups) {}

  /** Computes {@code y} (modified). */
  void forward(float[] x, VectorWeight weight, float[] bias, Clamp clamp, float[] y) {
    VectorWeight.Packed joined = joined(weight);
    VectorConv.forward(wide, x, weight.derived(new Layout(wide.groups()), joined), bias, clamp, y);
    joined.release();
  }

  /** Computes {@code dx} (modified). */
  void gradInput(float[] dy, VectorWeight weight, float[] dx) {
    VectorWeight.Packed joined = joined(weight);
    VectorConv.gradInput(wide, dy, weight.derived(new Layout(wide.groups()), joined), dx);
    joined.release();
  }

  /** Computes {@code dw} (modified): what was summed for the zeros is left out. */
  void gradWeight(float[] x, float[] dy, float[] dw) {
    float[] joined = Scratch.take((long) rows() * wide.groupIn());
    VectorConv.gradWeight(wide, x, dy, joined);
    for (int row = 0; row < rows(); row++) {
      System.arraycopy(joined, place(row), dw, row * narrow.groupIn(), narrow.groupIn());
    }
    Scratch.give(joined);
  }

  private VectorWeight.Packed joined(VectorWeight weight) {
    int size = rows() * wide.groupIn();
    return weight.packed(
        new Layout(wide.groups()),
        size,
        joined -> {
          Arrays.fill(joined, 0, size, 0);
          for (int row = 0; row < rows(); row++) {
            System.arraycopy(
                weight.values(), row * narrow.groupIn(), joined, place(row), narrow.groupIn());
          }
        });
  }

  /** Returns the rows of the weight: taps of all output channels. */
  private int rows() {
    return narrow.outChannels() * narrow.kernelHeight() * narrow.kernelWidth();
  }

  /** Returns where a row of the narrow weight begins in the wide one. */
  private int place(int row) {
    int channel = row / (narrow.kernelHeight() * narrow.kernelWidth());
    int group = channel / narrow.groupOut() % JOINED;
    return row * wide.groupIn() + group * narrow.groupIn();
  }
}
