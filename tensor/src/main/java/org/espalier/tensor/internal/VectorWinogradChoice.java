package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Decides by shape whether a convolution goes through Winograd's transform.
 *
 * <p>The bounds are constants that the benchmarks of {@code bench} measured, never timed at run
 * time: else two runs would differ in bits, and no resumed training would equal its original. The
 * system property {@code espalier.winograd=off}, read once, turns the transform off everywhere.
 */
final class VectorWinogradChoice {
  /** Fewest tiles where the transformed weights are kept: they still are four times as many. */
  private static final int KEPT_TILES = 8;

  /** Fewest segments of {@link VectorWinogradPlanes}: two threads want a block each. */
  private static final int FEWEST_SEGMENTS = 8;

  /** Fewest columns there: each line of fewer places is to a seventh a place between lines. */
  private static final int FEWEST_COLUMNS = 7;

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
    return Switch.ON && fits(g) && pays(g, kept);
  }

  /**
   * Tells whether {@link VectorWinogradPlanes} takes less time than other ways, for the forward
   * pass.
   */
  static boolean planes(ConvGeometry g) {
    WindowAxis rows = WindowAxis.rows(g);
    WindowAxis columns = WindowAxis.columns(g);
    if (!Switch.ON || g.groups() > 1 || !VectorTurn.serves(VectorPanels.LANES)) {
      return false;
    }
    int down = (g.outHeight() + SegmentLayout.HIGH - 1) / SegmentLayout.HIGH;
    int segments = g.batch() * down;
    boolean mostRowsInside = 4 * g.outHeight() >= 3 * down * SegmentLayout.HIGH;
    return SegmentLayout.serves(rows)
        && SegmentLayout.serves(columns)
        && fewChannels(g.inChannels(), g.outChannels(), segments)
        && segments >= FEWEST_SEGMENTS
        && g.outWidth() >= FEWEST_COLUMNS
        && mostRowsInside;
  }

  /**
   * Tells whether turning the activations costs less than empty halves of vectors, by the table in
   * {@code docs/performance.md}: outputs of a whole vector pay only where inputs are a half at
   * most.
   */
  private static boolean fewChannels(int in, int out, int segments) {
    boolean narrow = in <= 16 && out <= 12 && in * out > 16;
    boolean widening = in >= 4 && in <= 8 && out <= 16 && segments >= 4 * FEWEST_SEGMENTS;
    return narrow || widening;
  }

  /** Tells whether the transform can compute this convolution at all. */
  static boolean fits(ConvGeometry g) {
    return VectorWinogradForm.serves(g)
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

  private static boolean pays(ConvGeometry g, boolean kept) {
    VectorWinogradForm form = VectorWinogradForm.of(g);
    Bounds bounds = Bounds.of(form);
    int high = form.high();
    int wide = VectorWinogradForm.WIDE;
    int tiles = (g.outHeight() + high - 1) / high * ((g.outWidth() + wide - 1) / wide);
    long inside = 100L * g.outHeight() * g.outWidth() / ((long) high * wide * tiles);
    return Math.min(g.groupIn(), g.groupOut()) >= bounds.channels()
        && (long) g.batch() * tiles >= (kept ? KEPT_TILES : bounds.tiles())
        && inside >= bounds.inside();
  }

  /**
   * Bounds what pays: the more multiplications a form saves, the smaller the problems it serves.
   *
   * @param channels fewest channels on either side: below, transforming costs more than multiplying
   * @param tiles fewest tiles: below, transforming the weights costs more than the products save
   * @param inside least part of the tiles that must lie inside the output, in percent
   */
  private record Bounds(int channels, int tiles, int inside) {
    static Bounds of(VectorWinogradForm form) {
      boolean three = form.columnTaps() == 3;
      if (form.isLine()) {
        return three ? new Bounds(16, 32, 60) : new Bounds(16, 20, 60);
      }
      return three ? new Bounds(6, 32, 50) : new Bounds(6, 16, 35);
    }
  }
}
