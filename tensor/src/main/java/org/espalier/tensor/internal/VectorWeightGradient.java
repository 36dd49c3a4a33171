package org.espalier.tensor.internal;

import java.util.Arrays;
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

  /**
   * Floats of a weight from which pieces do not get sums of their own: a quarter of an L2 cache.
   */
  private static final int WIDE = 100_000;

  /** Pixels of an image below which several images are summed at once. */
  private static final int FEW_PIXELS = 65;

  /** Floats of the windows of one product: enough work for several threads at once. */
  private static final int UNFOLDED = 1 << 20;

  /** Floats of gathered windows: half an L2 cache. */
  private static final int PATCHES = 1 << 17;

  private final ConvGeometry g;
  private final VectorBand band;
  private final float[] x;
  private final float[] dy;

  /** Whether the sums are {@code [terms, out]} instead of {@code [out, terms]}. */
  private final boolean turned;

  VectorWeightGradient(ConvGeometry g, float[] x, float[] dy) {
    this.g = g;
    this.band =
        new VectorBand(WindowAxis.rows(g), WindowAxis.columns(g), g.inChannels(), g.groups());
    this.x = x;
    this.dy = dy;
    this.turned = isTurned();
  }

  /**
   * Tells whether tiles are better filled by terms times outputs than by outputs times terms, as
   * with the 27 terms of a first layer; rows of dy must be whole panels to be read where they lie.
   */
  private boolean isTurned() {
    int out = g.groupOut();
    return VectorPanels.padded(out) == out
        && VectorPanels.stepCycles(terms(), out) < 0.9 * VectorPanels.stepCycles(out, terms());
  }

  /** Computes the gradient. */
  void run(float[] dw) {
    if (g.batch() == 0) {
      Arrays.fill(dw, 0, terms() * g.outChannels(), 0);
    } else if (g.groups() == 1 && pixels() < FEW_PIXELS && terms() * g.outChannels() > WIDE) {
      unfolded(dw);
    } else {
      inPieces(dw);
    }
  }

  /**
   * Sums over the windows of many small images as one product, which is split over threads by its
   * rows and columns: sums of a wide weight for each piece would be read and written too often.
   */
  private void unfolded(float[] dw) {
    int fit = UNFOLDED / (pixels() * terms());
    int together = Math.min(g.batch(), Math.max(fit, VectorPanels.DEPTH / pixels()));
    float[] windows = Scratch.take((long) together * pixels() * terms());
    float[] upstream = Scratch.take((long) together * pixels() * g.outChannels());
    for (int first = 0; first < g.batch(); first += together) {
      int count = Math.min(together, g.batch() - first);
      unfold(first, count, windows);
      int size = pixels() * g.outChannels();
      System.arraycopy(dy, first * size, upstream, 0, count * size);
      VectorGemm.gemm(
          true,
          false,
          g.outChannels(),
          terms(),
          count * pixels(),
          upstream,
          VectorWeight.changing(windows),
          null,
          first > 0,
          null,
          dw);
    }
    Scratch.give(upstream);
    Scratch.give(windows);
  }

  private void unfold(int first, int count, float[] windows) {
    int size = pixels() * terms();
    Parallel.range(
        count,
        Parallel.grain(size),
        (from, to) -> {
          float[] copy = Scratch.take(band.size(g.outHeight()));
          for (int i = from; i < to; i++) {
            band.fill(x, first + i, 0, 0, g.outHeight(), copy);
            band.gather(copy, 0, pixels(), 0, band.runs(), windows, i * size);
          }
          Scratch.give(copy);
        });
  }

  private int pixels() {
    return g.outHeight() * g.outWidth();
  }

  private void inPieces(float[] dw) {
    int pieces = (int) Math.max(1, Math.min(Math.min(PIECES, g.batch()), g.macs() / WORTH));
    int size = terms() * g.outChannels();
    float[] parts = Scratch.take((long) (pieces - 1) * size);
    float[] whole = turned ? Scratch.take(size) : dw;
    Parallel.range(
        pieces,
        1,
        (from, to) -> {
          for (int piece = from; piece < to; piece++) {
            int first = (int) ((long) g.batch() * piece / pieces);
            int end = (int) ((long) g.batch() * (piece + 1) / pieces);
            if (piece == 0) {
              sum(first, end, whole, 0);
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
              whole[i] += parts[at + i];
            }
          }
        });
    Scratch.give(parts);
    if (turned) {
      turn(whole, dw);
      Scratch.give(whole);
    }
  }

  /** Transposes the sums of each group, {@code [terms, out]}, into the weight's gradient. */
  private void turn(float[] whole, float[] dw) {
    int out = g.groupOut();
    for (int group = 0; group < g.groups(); group++) {
      int at = group * terms() * out;
      VectorPanels.turn(terms(), out, whole, at, out, dw, at, terms());
    }
  }

  private int terms() {
    return band.runs() * band.run();
  }

  /** Sums over images {@code first} to {@code end}. */
  private void sum(int first, int end, float[] to, int at) {
    float[] copy = Scratch.take(band.size(g.outHeight()));
    int joined = joinedImages(end - first);
    int pixels = joined * pixels();
    // Long sums before many runs: the sums are loaded and stored once a block.
    int atOnce = PATCHES / (Math.min(pixels, VectorPanels.DEPTH) * band.run());
    atOnce = Math.max(1, Math.min(band.runs(), atOnce));
    int fit = Math.max(1, PATCHES / (atOnce * band.run()));
    int block = joined > 1 ? pixels : Math.min(pixels, fit);
    float[] patches = Scratch.take((long) block * atOnce * band.run() + VectorPanels.WIDEST);
    float[] left =
        !turned && terms() >= PACK_LEFT ? Scratch.take(tiled(g.groupOut()) * block) : null;
    VectorProduct product = VectorProduct.take();
    for (int image = first; image < end; image += joined) {
      int images = Math.min(joined, end - image);
      for (int group = 0; group < g.groups(); group++) {
        if (joined == 1) {
          band.fill(x, image, group, 0, g.outHeight(), copy);
        }
        int target = at + group * g.groupOut() * terms();
        for (int pixel = 0; pixel < images * pixels(); pixel += block) {
          int count = Math.min(block, images * pixels() - pixel);
          int output = (image * pixels() + pixel) * g.outChannels() + group * g.groupOut();
          if (!turned) {
            left(product, output, count, left);
          }
          for (int run = 0; run < band.runs(); run += atOnce) {
            int endRun = Math.min(band.runs(), run + atOnce);
            int across = (endRun - run) * band.run();
            if (joined == 1) {
              band.gather(copy, pixel, count, run, endRun, patches, 0);
            } else {
              gather(image, images, run, endRun, copy, patches);
            }
            if (image == first && pixel == 0) {
              product.fromZero();
            } else {
              product.fromTarget();
            }
            if (turned) {
              product
                  .into(to, Lines.of(target + run * band.run() * g.groupOut(), g.groupOut()))
                  .leftColumns(patches, 0, across)
                  .right(dy, output, g.outChannels())
                  .run(across, g.groupOut(), count);
            } else {
              product
                  .into(to, Lines.of(target + run * band.run(), terms()))
                  .right(patches, 0, across)
                  .run(g.groupOut(), across, count);
            }
          }
        }
      }
    }
    product.give();
    if (left != null) {
      Scratch.give(left);
    }
    Scratch.give(patches);
    Scratch.give(copy);
  }

  /** Returns how many images are summed at once, where one has a few pixels only. */
  private int joinedImages(int images) {
    boolean joins = g.groups() == 1 && pixels() < FEW_PIXELS;
    return joins ? Math.max(1, Math.min(images, VectorPanels.DEPTH / pixels())) : 1;
  }

  /** Gathers some runs of the windows of whole images. */
  private void gather(int image, int images, int run, int endRun, float[] copy, float[] patches) {
    int size = pixels() * (endRun - run) * band.run();
    for (int i = 0; i < images; i++) {
      band.fill(x, image + i, 0, 0, g.outHeight(), copy);
      band.gather(copy, 0, pixels(), run, endRun, patches, i * size);
    }
  }

  /** Takes the output gradients of some pixels as they lie, or packed where there is an array. */
  private void left(VectorProduct product, int at, int count, float[] left) {
    if (left == null) {
      product.leftColumns(dy, at, g.outChannels());
    } else {
      VectorPanels.packLeft(true, g.groupOut(), count, dy, at, g.outChannels(), left);
      product.leftPanels(left);
    }
  }

  /** Returns the rows of all tiles that cover so many rows. */
  private static long tiled(int rows) {
    return (rows + VectorPanels.ROWS - 1L) / VectorPanels.ROWS * VectorPanels.ROWS;
  }
}
