package org.espalier.tensor.internal;

import org.espalier.tensor.internal.VectorProduct.Lines;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.parallel.Parallel;

/**
 * Convolves with kernels of stride 1 by a transform of Winograd's family, which {@link
 * VectorWinogradForm} names (Lavin and Gray 2016): a tile of 4x4 outputs of a 3x3 kernel costs 36
 * multiplications for each pair of channels instead of 144.
 *
 * <p>A block of tiles is transformed to the points, each point is a product {@code [tiles, in] ·
 * [in, out]}, and the products are transformed back; all three steps are vectorised over channels
 * and a block stays in the L2 cache. The sums over input channels are chains of fused
 * multiply-adds, so silenced channels change no bit. The results differ from the direct sum by
 * rounding: at most 1e-4 of the largest output (tested; 1e-5 is usual).
 */
final class VectorWinograd {
  /** Floats of a block of tiles and its products: three quarters of an L2 cache. */
  private static final int BLOCK = 200_000;

  /**
   * Fewest tiles of a block, before the number of blocks is made even: weights are read once a
   * block, mostly from a slower cache.
   */
  private static final int TILES = 48;

  private final VectorWinogradForm form;
  private final int pointCount;
  private final int images;
  private final WindowAxis rows;
  private final WindowAxis columns;
  private final int in;
  private final int out;
  private final int groups;
  private final int groupIn;
  private final int inStride;
  private final int outStride;

  /** Columns of the panels of one group. */
  private final int padded;

  private final Lines inRows;
  private final Lines outRows;
  private final VectorWinogradTiles tiles;

  VectorWinograd(int images, WindowAxis rows, WindowAxis columns, int in, int out, int groups) {
    this.form = VectorWinogradForm.of(rows, columns);
    this.pointCount = form.points();
    this.images = images;
    this.rows = rows;
    this.columns = columns;
    this.in = in;
    this.out = out;
    this.groups = groups;
    this.groupIn = in / groups;
    this.padded = VectorPanels.padded(out / groups);
    this.outStride = groups * padded;
    this.outRows = Lines.of(0, outStride);
    this.tiles = VectorWinogradTiles.inputs(rows, columns, in);
    this.inStride = tiles.stride();
    this.inRows = Lines.of(0, inStride);
  }

  /**
   * Computes the convolution.
   *
   * @param turned false: weight is {@code [out, taps, in / groups]}; true: it is {@code [in, taps,
   *     out / groups]} and applied turned by 180 degrees, which gives the gradient of the input
   * @param start what the outputs of each channel start from, or null for 0
   * @param clamp the interval that outputs are clamped to, or null
   * @param target receives the outputs (modified)
   */
  void run(
      float[] source,
      boolean turned,
      VectorWeight weight,
      float[] start,
      Clamp clamp,
      float[] target) {
    VectorWeight.Packed packed =
        weight.packed(
            new Layout(form, groups, turned),
            (long) groups * panelSize() + VectorPanels.LANES,
            panels -> transform(turned, weight.values(), panels));
    float[] panels = packed.panels();
    float[] bias = null;
    if (start != null) {
      bias = new float[Math.max(outStride, VectorPanels.LANES)];
      System.arraycopy(start, 0, bias, 0, out);
    }
    if (VectorWinogradNarrow.serves(tiles, in, out, groups)) {
      new VectorWinogradNarrow(images, rows, columns, in, out)
          .run(source, panels, bias, clamp, target);
      packed.release();
      return;
    }
    float[] first = bias;
    int all = images * tiles.down();
    int blocks = blocks(all);
    int together = (all + blocks - 1) / blocks;
    Parallel.range(
        blocks,
        1,
        (from, to) -> {
          int most = together * tiles.across();
          float[] points = Scratch.take((long) pointCount * inPlane(most));
          float[] products = Scratch.take((long) pointCount * outPlane(most));
          VectorProduct product = blocks == 1 ? null : VectorProduct.take();
          for (int block = from; block < to; block++) {
            int row = Parallel.border(all, blocks, block);
            int count = Parallel.border(all, blocks, block + 1) - row;
            block(product, row, count, source, panels, first, points, products, clamp, target);
          }
          if (product != null) {
            product.give();
          }
          Scratch.give(products);
          Scratch.give(points);
        });
    packed.release();
  }

  /** Names an order of panels. */
  private record Layout(VectorWinogradForm form, int groups, boolean turned) {}

  private void transform(boolean turned, float[] weight, float[] panels) {
    VectorWinogradWeights weights = new VectorWinogradWeights(form);
    int groupOut = out / groups;
    for (int group = 0; group < groups; group++) {
      weights.pack(
          turned,
          turned ? groupIn : groupOut,
          turned ? groupOut : groupIn,
          weight,
          group * form.taps() * groupIn * groupOut,
          panels,
          group * panelSize());
    }
  }

  /** Returns the number of blocks, even where rows allow it: so two threads end together. */
  private int blocks(int all) {
    int fit = BLOCK / (pointCount * (inStride + outStride));
    int tileRows = Math.max(1, Math.max(fit, TILES) / tiles.across());
    int blocks = (all + tileRows - 1) / tileRows;
    return blocks == 1 ? 1 : Math.min(all, blocks + blocks % 2);
  }

  /** Returns the distance of two points of the inputs: not a power of two, for the caches' sake. */
  private int inPlane(int count) {
    return count * inStride + 16;
  }

  private int outPlane(int count) {
    return count * outStride + 16;
  }

  private int panelSize() {
    return pointCount * groupIn * padded;
  }

  /**
   * Computes {@code count} rows of tiles. A block that is the only one is split over threads step
   * by step: rows of tiles, points, rows of tiles.
   *
   * @param mine the calling thread's product, null for a block that is the only one
   */
  private void block(
      VectorProduct mine,
      int row,
      int count,
      float[] source,
      float[] panels,
      float[] start,
      float[] points,
      float[] products,
      Clamp clamp,
      float[] target) {
    int across = tiles.across();
    int inPlane = inPlane(count * across);
    int outPlane = outPlane(count * across);
    boolean only = mine == null;
    Parallel.range(
        count,
        only ? Parallel.grain(tiles.work()) : count,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            tiles.transform(source, row + i, points, i * across, inPlane);
          }
        });
    long work = (long) count * across * groupIn * padded / VectorPanels.LANES;
    Parallel.range(
        groups * pointCount,
        only ? Parallel.grain(work) : groups * pointCount,
        (from, to) -> {
          VectorProduct product = only ? VectorProduct.take() : mine;
          for (int item = from; item < to; item++) {
            int group = item / pointCount;
            int point = item % pointCount;
            product
                .into(products, point * outPlane + group * padded, outRows)
                .fromRow(point == form.everywhere() ? start : null, group * padded);
            int at = point * inPlane + group * groupIn;
            multiply(product, points, at, panels, group, point, count * across);
          }
          if (only) {
            product.give();
          }
        });
    Parallel.range(
        count,
        only ? Parallel.grain(VectorWinogradTiles.work(across, pointCount, out)) : count,
        (from, to) -> {
          float[] half = Scratch.take(VectorWinogradForm.HALF);
          float[] aside =
              Scratch.take(
                  (long) form.high() * VectorWinogradForm.WIDE * VectorWinogradTiles.stride(out));
          for (int i = from; i < to; i++) {
            for (int t = 0; t < across; t++) {
              output(
                  products,
                  (i * across + t) * outStride,
                  outPlane,
                  row + i,
                  t,
                  aside,
                  half,
                  target);
            }
            if (clamp != null) {
              clamp(clamp, row + i, target);
            }
          }
          Scratch.give(half);
          Scratch.give(aside);
        });
  }

  /** Multiplies all tiles at one point with the weights of one group. */
  private void multiply(
      VectorProduct product,
      float[] points,
      int from,
      float[] panels,
      int group,
      int point,
      int count) {
    for (int k = 0; k < groupIn; k += VectorPanels.DEPTH) {
      product.left(points, from + k, inRows);
      product.panels(panels, group * panelSize() + point * groupIn * padded + k * padded);
      product.run(count, padded, Math.min(VectorPanels.DEPTH, groupIn - k));
      product.fromTarget();
    }
  }

  /** Clamps the outputs of a row of tiles. */
  private void clamp(Clamp clamp, int row, float[] target) {
    int y = row % tiles.down() * form.high();
    int line = columns.outputs() * out;
    int from = (row / tiles.down() * rows.outputs() + y) * line;
    ScalarElementwise.clamp(
        clamp, target, from, from + Math.min(form.high(), rows.outputs() - y) * line);
  }

  private void output(
      float[] products,
      int at,
      int plane,
      int row,
      int column,
      float[] aside,
      float[] half,
      float[] target) {
    int image = row / tiles.down();
    int y = row % tiles.down() * form.high();
    int x = column * VectorWinogradForm.WIDE;
    int high = Math.min(form.high(), rows.outputs() - y);
    int wide = Math.min(VectorWinogradForm.WIDE, columns.outputs() - x);
    int line = columns.outputs() * out;
    int to = (image * rows.outputs() + y) * line + x * out;
    if (high == form.high() && wide == VectorWinogradForm.WIDE && out >= VectorPanels.LANES) {
      form.output(products, at, plane, target, to, line, out, out, half);
      return;
    }
    int stride = VectorWinogradTiles.stride(out);
    int inAside = VectorWinogradForm.WIDE * stride;
    form.output(products, at, plane, aside, 0, inAside, stride, stride, half);
    for (int i = 0; i < high; i++) {
      store(aside, i * inAside, stride, wide, target, to + i * line);
    }
  }

  /**
   * Copies a row of pixels to where it belongs. Pixels of half a vector and more are written as
   * whole ones: what is too much, the next pixel overwrites; the last is copied float by float.
   */
  private void store(float[] aside, int at, int stride, int count, float[] target, int to) {
    boolean whole = out < VectorPanels.LANES && 2 * out >= VectorPanels.LANES;
    for (int j = 0; j < count; j++) {
      if (whole && j < count - 1) {
        VectorPanels.copyVector(aside, at + j * stride, target, to + j * out);
      } else {
        VectorPanels.copy(aside, at + j * stride, target, to + j * out, out);
      }
    }
  }
}
