package org.espalier.tensor.internal;

import org.espalier.tensor.internal.VectorProduct.Lines;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.parallel.Parallel;

/**
 * Sums the gradient of a convolution's weight over all pixels: {@code dw[o, k] = Σ_pixel dy[pixel,
 * o] · window(pixel)[k]}.
 *
 * <p>Both operands have the summed axis outside, so the output gradient is read by columns where it
 * lies and the windows of a block of pixels are gathered into rows: the sums stay in registers for
 * a whole block. The images are cut into pieces by the size of the problem; each piece sums for
 * itself and the pieces are added in order, so that the result does not depend on the threads.
 */
final class VectorWeightGradient {
  /** Most pieces: enough for eight threads, few enough that adding them up costs nothing. */
  private static final int PIECES = 8;

  /** Products below which a piece is not worth its share of the final sum. */
  private static final long WORTH = 1 << 21;

  /**
   * Columns from which the output gradient is packed: read where it lies, its columns and a panel
   * of windows would push each other out of the L1 cache.
   */
  private static final int PACK_LEFT = 4 * VectorPanels.WIDEST;

  /** Floats of gathered windows: half an L2 cache. */
  private static final int PATCHES = 1 << 17;

  private final ConvGeometry g;
  private final VectorBand band;
  private final float[] x;
  private final float[] dy;

  VectorWeightGradient(ConvGeometry g, float[] x, float[] dy) {
    this.g = g;
    this.band =
        new VectorBand(WindowAxis.rows(g), WindowAxis.columns(g), g.inChannels(), g.groups());
    this.x = x;
    this.dy = dy;
  }

  /** Computes the gradient. */
  void run(float[] dw) {
    int pieces = (int) Math.max(1, Math.min(Math.min(PIECES, g.batch()), g.macs() / WORTH));
    int size = terms() * g.outChannels();
    float[] parts = Scratch.take((long) (pieces - 1) * size);
    Parallel.range(
        pieces,
        1,
        (from, to) -> {
          for (int piece = from; piece < to; piece++) {
            int first = (int) ((long) g.batch() * piece / pieces);
            int end = (int) ((long) g.batch() * (piece + 1) / pieces);
            if (piece == 0) {
              sum(first, end, dw, 0);
            } else {
              sum(first, end, parts, (piece - 1) * size);
            }
          }
        });
    Parallel.range(
        size,
        Parallel.grain(pieces),
        (from, to) -> {
          for (int part = 0; part < pieces - 1; part++) {
            int at = part * size;
            for (int i = from; i < to; i++) {
              dw[i] += parts[at + i];
            }
          }
        });
    Scratch.give(parts);
  }

  private int terms() {
    return band.runs() * band.run();
  }

  /** Sums over images {@code first} to {@code end}. */
  private void sum(int first, int end, float[] to, int at) {
    float[] copy = Scratch.take(band.size(g.outHeight()));
    int pixels = g.outHeight() * g.outWidth();
    int block = Math.max(1, Math.min(pixels, PATCHES / terms()));
    // Runs are gathered in groups that fit beside a block of some dozens of pixels.
    int atOnce = Math.max(1, Math.min(band.runs(), PATCHES / (Math.min(pixels, 64) * band.run())));
    block = Math.max(block, Math.min(pixels, PATCHES / (atOnce * band.run())));
    float[] patches = Scratch.take((long) block * atOnce * band.run() + VectorPanels.WIDEST);
    VectorProduct product = new VectorProduct();
    int groupOut = g.groupOut();
    float[] left = atOnce * band.run() >= PACK_LEFT ? Scratch.take(tiled(groupOut) * block) : null;
    for (int image = first; image < end; image++) {
      for (int group = 0; group < g.groups(); group++) {
        band.fill(x, image, group, 0, g.outHeight(), copy);
        for (int run = 0; run < band.runs(); run += atOnce) {
          int endRun = Math.min(band.runs(), run + atOnce);
          int across = (endRun - run) * band.run();
          int target = at + group * groupOut * terms() + run * band.run();
          product.into(to, Lines.of(target, terms()));
          if (image == first) {
            product.fromZero();
          } else {
            product.fromTarget();
          }
          for (int pixel = 0; pixel < pixels; pixel += block) {
            int count = Math.min(block, pixels - pixel);
            band.gather(copy, pixel, count, run, endRun, patches);
            int output = (image * pixels + pixel) * g.outChannels() + group * groupOut;
            if (left == null) {
              product.leftColumns(dy, output, g.outChannels());
            } else {
              VectorPanels.packLeft(true, groupOut, count, dy, output, g.outChannels(), left);
              product.leftPanels(left);
            }
            product.right(patches, 0, across).run(groupOut, across, count);
            product.fromTarget();
          }
        }
      }
    }
    if (left != null) {
      Scratch.give(left);
    }
    Scratch.give(patches);
    Scratch.give(copy);
  }

  /** Returns the rows of all tiles that cover so many rows. */
  private static long tiled(int rows) {
    return (rows + VectorPanels.ROWS - 1L) / VectorPanels.ROWS * VectorPanels.ROWS;
  }
}
