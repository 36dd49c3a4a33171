package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Decides by shape whether a convolution goes through Winograd's F(4x4, 3x3).
 *
 * <p>The bounds are constants that the benchmarks of {@code bench} measured, never timed at run
 * time: else two runs would differ in bits, and no resumed training would equal its original. The
 * system property {@code espalier.winograd=off}, read once, turns the transform off everywhere.
 */
final class VectorWinogradChoice {
  /** Fewest channels on either side: below, transforming costs more than multiplying. */
  private static final int CHANNELS = 8;

  /** Fewest tiles: below, transforming the weights costs more than the products save. */
  private static final int TILES = 32;

  /** Fewest tiles where the transformed weights are kept: they still are four times as many. */
  private static final int KEPT_TILES = 8;

  /** Least part of the tiles that must lie inside the output, in percent. */
  private static final int INSIDE = 50;

  private VectorWinogradChoice() {}

  /** Reads the switch once, on first use. */
  private static final class Switch {
    static final boolean ON = !"off".equals(System.getProperty("espalier.winograd"));
  }

  /** Tells whether all three passes of this convolution are worth the transform. */
  static boolean serves(ConvGeometry g) {
    return serves(g, false);
  }

  /** Tells the same of a forward pass, whose transformed weight may be kept for other calls. */
  static boolean serves(ConvGeometry g, boolean kept) {
    return Switch.ON && fits(g) && pays(g, kept ? KEPT_TILES : TILES);
  }

  /** Tells whether the transform can compute this convolution at all. */
  static boolean fits(ConvGeometry g) {
    return g.kernelHeight() == 3
        && g.kernelWidth() == 3
        && g.strideHeight() == 1
        && g.strideWidth() == 1
        && g.dilationHeight() == 1
        && g.dilationWidth() == 1
        && (g.groups() == 1 || isWhole(g.groupIn()) && isWhole(g.groupOut()));
  }

  /** Tells whether a group fills its panels: what is behind it belongs to the next group. */
  private static boolean isWhole(int channels) {
    return channels >= VectorPanels.LANES && VectorPanels.padded(channels) == channels;
  }

  private static boolean pays(ConvGeometry g, int fewest) {
    int tiles = (g.outHeight() + 3) / 4 * ((g.outWidth() + 3) / 4);
    long inside = 100L * g.outHeight() * g.outWidth() / (16L * tiles);
    return Math.min(g.groupIn(), g.groupOut()) >= CHANNELS
        && (long) g.batch() * tiles >= fewest
        && inside >= INSIDE;
  }
}
