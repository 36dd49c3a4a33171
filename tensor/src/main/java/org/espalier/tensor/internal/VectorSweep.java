package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.DEPTH;
import static org.espalier.tensor.internal.VectorPanels.WIDEST;

import org.espalier.tensor.internal.VectorProduct.Lines;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.parallel.Parallel;

/**
 * Slides a kernel over images, without unfolding them: {@code target[pixel, j] = start[j] + Σ_k
 * window(pixel)[k] · matrix[k, j]}, one band of output rows at a time.
 *
 * <p>The sum over a window is cut into slices that are contiguous in the band, each a product that
 * continues the sums of the one before; the order is that of the kernel's elements, so each output
 * is one chain as in {@link VectorGemm}. Works for any kernel size, stride, dilation, padding and
 * number of groups.
 */
final class VectorSweep {
  /** Output pixels of a band: enough tiles for a panel of weights that is read once a band. */
  private static final int PIXELS = 256;

  /** Pixels of an image below which several images are one band. */
  private static final int FEW_PIXELS = 33;

  /** Pieces of work aimed at where an image alone makes fewer: enough for eight threads. */
  private static final int PIECES = 8;

  /** Floats of a band: a quarter of an L2 cache, the rest is for weights and sums. */
  private static final int BAND = 1 << 16;

  private final int images;
  private final WindowAxis rows;
  private final WindowAxis columns;
  private final int groups;
  private final int targetChannels;
  private final VectorBand band;

  /** How what is multiplied lies: the windows of a band, or rows they are gathered into. */
  private final Lines windows;

  /** How the outputs of a band lie. */
  private final Lines targetRows;

  /** Runs of a window that the products see: one where windows are gathered. */
  private final int runs;

  /** Where the slices start in the window, how long they are, and how many terms come before. */
  private final int[] sliceAt;

  private final int[] sliceDepth;
  private final int[] sliceBefore;

  VectorSweep(
      int images,
      WindowAxis rows,
      WindowAxis columns,
      int sourceChannels,
      int targetChannels,
      int groups) {
    this.images = images;
    this.rows = rows;
    this.columns = columns;
    this.groups = groups;
    this.targetChannels = targetChannels;
    this.band = new VectorBand(rows, columns, sourceChannels, groups);
    boolean gathers = gathers(joinedImages());
    this.windows = gathers ? Lines.of(0, terms()) : band.windows();
    int line = columns.target() * targetChannels;
    this.targetRows =
        new Lines(0, columns.step() * targetChannels, columns.outputs(), rows.step() * line);
    this.runs = gathers ? 1 : band.runs();
    int run = terms() / runs;
    int depth = VectorPanels.sliceDepth(run);
    int perRun = (run + depth - 1) / depth;
    sliceAt = new int[runs * perRun];
    sliceDepth = new int[runs * perRun];
    sliceBefore = new int[runs * perRun];
    for (int s = 0; s < sliceAt.length; s++) {
      int begin = s % perRun * depth;
      sliceAt[s] = (runs == 1 ? 0 : band.offset(s / perRun)) + begin;
      sliceDepth[s] = Math.min(depth, run - begin);
      sliceBefore[s] = s / perRun * run + begin;
    }
  }

  /** Returns the number of products in each output. */
  private int terms() {
    return band.runs() * band.run();
  }

  /**
   * Computes the sweep.
   *
   * @param transposed the matrix is stored {@code [targetChannels, terms]}, else {@code [groups,
   *     terms, targetChannels / groups]}
   * @param start what the outputs of each channel start from, or null for 0
   * @param clamp the interval that outputs are clamped to, or null; only in a forward pass
   * @param target receives the outputs, at the places the axes say (modified)
   */
  void run(
      float[] source,
      boolean transposed,
      VectorWeight matrix,
      float[] start,
      Clamp clamp,
      float[] target) {
    int groupOut = targetChannels / groups;
    VectorWeight.Packed weight = pack(transposed, matrix);
    float[] packed = weight.panels();
    int together = bandRows();
    int bands = (rows.outputs() + together - 1) / together;
    int joined = joinedImages();
    int items = (images + joined - 1) / joined * bands * groups;
    int strip = stripColumns(items);
    int strips = (groupOut + strip - 1) / strip;
    int most = joined * together * columns.outputs();
    Parallel.range(
        items * strips,
        Parallel.grain((long) most * terms() * strip / VectorPanels.LANES),
        (from, to) -> {
          float[] copy = Scratch.take(band.size(together));
          boolean gathers = gathers(joined);
          float[] patches = gathers ? Scratch.take((long) most * terms()) : null;
          VectorProduct product = VectorProduct.take();
          int filled = -1;
          for (int item = from; item < to; item++) {
            int inBand = item / strips;
            int group = inBand % groups;
            int image = inBand / groups / bands * joined;
            int first = inBand / groups % bands * together;
            int count = Math.min(together, rows.outputs() - first);
            int joinedHere = Math.min(joined, images - image);
            int inImage = count * columns.outputs();
            for (int i = 0; i < joinedHere && inBand != filled; i++) {
              band.fill(source, image + i, group, first, count, copy);
              if (gathers) {
                int at = i * inImage * terms();
                band.gather(copy, 0, inImage, 0, band.runs(), patches, at);
              }
            }
            filled = inBand;
            int column = item % strips * strip;
            int wide = Math.min(strip, groupOut - column);
            int pixels = joinedHere * inImage;
            int at = targetAt(image, group, first, column);
            product.into(target, at, targetRows).fromRow(start, group * groupOut + column);
            multiply(product, copy, patches, packed, group, pixels, column, wide);
            if (clamp != null) {
              clamp(clamp, target, at, pixels, wide);
            }
          }
          product.give();
          Scratch.give(copy);
          if (patches != null) {
            Scratch.give(patches);
          }
        });
    weight.release();
  }

  /** Clamps some channels of pixels that are neighbours, as those of a forward pass are. */
  private void clamp(Clamp clamp, float[] target, int from, int pixels, int wide) {
    if (wide == targetChannels) {
      ScalarElementwise.clamp(clamp, target, from, from + pixels * wide);
      return;
    }
    for (int pixel = 0; pixel < pixels; pixel++) {
      int at = from + pixel * targetChannels;
      ScalarElementwise.clamp(clamp, target, at, at + wide);
    }
  }

  /** Names an order of panels: slices differ where windows are gathered and where they are not. */
  private record Layout(int groups, boolean transposed, int runs, int slices) {}

  private VectorWeight.Packed pack(boolean transposed, VectorWeight matrix) {
    int groupOut = targetChannels / groups;
    return matrix.packed(
        new Layout(groups, transposed, runs, sliceAt.length),
        (long) groups * terms() * VectorPanels.padded(groupOut),
        packed ->
            Parallel.range(
                groups * sliceAt.length,
                Parallel.grain((long) DEPTH * groupOut),
                (from, to) -> {
                  for (int item = from; item < to; item++) {
                    int group = item / sliceAt.length;
                    pack(group, item % sliceAt.length, transposed, matrix.values(), packed);
                  }
                }));
  }

  private void pack(int group, int slice, boolean transposed, float[] matrix, float[] packed) {
    int groupOut = targetChannels / groups;
    int padded = VectorPanels.padded(groupOut);
    int before = sliceBefore[slice];
    int at = group * groupOut * terms();
    VectorPanels.pack(
        transposed,
        sliceDepth[slice],
        groupOut,
        matrix,
        at + before * (transposed ? 1 : groupOut),
        transposed ? terms() : groupOut,
        packed,
        (group * terms() + before) * padded);
  }

  private int bandRows() {
    int enough = (PIXELS + columns.outputs() - 1) / columns.outputs();
    while (enough > 1 && band.size(enough) > BAND) {
      enough--;
    }
    return Math.min(rows.outputs(), enough);
  }

  /**
   * Returns how many images make one band: where one has a few pixels only, as the last layers of a
   * network, the weights would else be read anew for each handful of pixels.
   */
  private int joinedImages() {
    int pixels = rows.outputs() * columns.outputs();
    boolean continues = rows.target() == rows.outputs() * rows.step();
    boolean whole = bandRows() == rows.outputs();
    boolean joins = continues && whole && pixels < FEW_PIXELS;
    return joins ? Math.max(1, Math.min(images, PIXELS / pixels)) : 1;
  }

  private boolean gathers(int joined) {
    return joined > 1 || band.isShort();
  }

  /** Returns how many columns make one piece of work: all of them where there are enough bands. */
  private int stripColumns(int bands) {
    int groupOut = targetChannels / groups;
    int panels = (groupOut + WIDEST - 1) / WIDEST;
    return bands >= PIECES
        ? groupOut
        : Math.max(1, (panels * bands + PIECES - 1) / PIECES) * WIDEST;
  }

  /** Returns where the outputs of a band begin, from a column of the group on. */
  private int targetAt(int image, int group, int first, int column) {
    return (image * rows.target() + rows.place(first)) * columns.target() * targetChannels
        + columns.place(0) * targetChannels
        + group * (targetChannels / groups)
        + column;
  }

  private void multiply(
      VectorProduct product,
      float[] copy,
      float[] patches,
      float[] packed,
      int group,
      int pixels,
      int column,
      int wide) {
    int padded = VectorPanels.padded(targetChannels / groups);
    for (int s = 0; s < sliceAt.length; s++) {
      product.left(patches == null ? copy : patches, sliceAt[s], windows);
      int slice = (group * terms() + sliceBefore[s]) * padded;
      product.panels(packed, slice + column * sliceDepth[s]).run(pixels, wide, sliceDepth[s]);
      product.fromTarget();
    }
  }
}
