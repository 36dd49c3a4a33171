package org.espalier.tensor.internal;

import org.espalier.tensor.internal.VectorProduct.Lines;
import org.espalier.tensor.parallel.Parallel;

/**
 * Sums the gradient of a kernel of stride 1 in the domain of Winograd's transform: the adjoint of
 * {@link VectorWinograd}. Inputs and output gradients are transformed to the points, each point is
 * a product {@code [out, tiles] · [tiles, in]}, and the sums are transformed back to weights once.
 *
 * <p>The tiles are cut into pieces by the size of the problem, each with sums of its own that are
 * added in order, so that the result does not depend on the threads.
 */
final class VectorWinogradGradient {
  /** Floats of a block of transformed tiles where that is more than {@link #TILES}. */
  private static final int BLOCK = 200_000;

  /** Fewest tiles of a block: the sums are loaded and stored once a block. */
  private static final int TILES = 128;

  /** Most pieces, and fewest tiles of one. */
  private static final int PIECES = 8;

  private static final int PIECE_TILES = 128;

  /** Pieces where the sums of more of them would leave the caches. */
  private static final int FEW_PIECES = 4;

  /** Floats of the sums of all pieces that caches hold: 4 MB. */
  private static final int SUMS = 1 << 20;

  private final VectorWinogradForm form;
  private final int pointCount;
  private final int images;
  private final int in;
  private final int out;
  private final int groups;
  private final int inStride;
  private final int outStride;
  private final Lines sumRows;
  private final VectorWinogradTiles inputs;
  private final VectorWinogradTiles gradients;

  VectorWinogradGradient(
      int images, WindowAxis rows, WindowAxis columns, int in, int out, int groups) {
    this.form = VectorWinogradForm.of(rows, columns);
    this.pointCount = form.points();
    this.images = images;
    this.in = in;
    this.out = out;
    this.groups = groups;
    this.sumRows = Lines.of(0, sumStride());
    this.inputs = VectorWinogradTiles.inputs(rows, columns, in);
    this.gradients = VectorWinogradTiles.outputGradients(rows, columns, out);
    this.inStride = inputs.stride();
    this.outStride = gradients.stride();
  }

  /** Computes {@code dw [out, taps, in]} (modified). */
  void run(float[] x, float[] dy, float[] dw) {
    int all = images * inputs.down();
    int size = groups * groupSize();
    int parts = parts();
    boolean spare = parts < Parallel.threads();
    float[] sums = Scratch.take((long) parts * size);
    Parallel.range(
        parts,
        1,
        (from, to) -> {
          for (int part = from; part < to; part++) {
            int first = Parallel.border(all, parts, part);
            int end = Parallel.border(all, parts, part + 1);
            sum(first, end, spare, x, dy, sums, part * size);
          }
        });
    Parallel.range(
        size,
        Parallel.grain(parts),
        (from, to) -> {
          for (int part = 1; part < parts; part++) {
            int at = part * size;
            for (int i = from; i < to; i++) {
              sums[i] += sums[at + i];
            }
          }
        });
    int groupIn = in / groups;
    int groupOut = out / groups;
    VectorWinogradWeights weights = new VectorWinogradWeights(form);
    for (int group = 0; group < groups; group++) {
      weights.gradient(
          groupOut,
          groupIn,
          sumStride(),
          sums,
          group * groupSize(),
          dw,
          group * form.taps() * groupOut * groupIn);
    }
    Scratch.give(sums);
  }

  /**
   * Returns how many pieces have sums of their own: eight where caches hold the sums of eight, four
   * where they hold those of four, else one, since sums that go through memory once a block cost
   * more than splitting each step; fewer where there are few tiles.
   */
  int parts() {
    int all = images * inputs.down();
    long size = (long) groups * groupSize();
    int wanted = Math.min(all, Math.min(PIECES, all * inputs.across() / PIECE_TILES));
    int few = Math.min(wanted, FEW_PIECES);
    if (wanted * size <= SUMS) {
      return Math.max(1, wanted);
    }
    return few * size <= SUMS ? few : 1;
  }

  /** Returns the floats from the sums of one output channel to those of the next. */
  private int sumStride() {
    return VectorWinogradTiles.stride(in / groups);
  }

  /** Returns the floats of the sums of one group. */
  private int groupSize() {
    return pointCount * (out / groups) * sumStride();
  }

  /**
   * Sums over rows of tiles {@code first} to {@code end}.
   *
   * @param spare whether there are more threads than parts: then each step is split over threads
   */
  private void sum(int first, int end, boolean spare, float[] x, float[] dy, float[] sums, int at) {
    int across = inputs.across();
    int together =
        Math.max(1, Math.max(BLOCK / (pointCount * (inStride + outStride)), TILES) / across);
    together = Math.min(together, end - first);
    float[] left = Scratch.take((long) pointCount * (together * across * outStride + 16));
    float[] right =
        Scratch.take((long) pointCount * (together * across * inStride + 16) + VectorPanels.WIDEST);
    for (int row = first; row < end; row += together) {
      int begin = row;
      int count = Math.min(together, end - row);
      int outPlane = count * across * outStride + 16;
      int inPlane = count * across * inStride + 16;
      Parallel.range(
          count,
          spare ? Parallel.grain(inputs.work() + gradients.work()) : count,
          (from, to) -> {
            for (int i = from; i < to; i++) {
              gradients.transform(dy, begin + i, left, i * across, outPlane);
              inputs.transform(x, begin + i, right, i * across, inPlane);
            }
          });
      long work = (long) (out / groups) * sumStride() * count * across / VectorPanels.LANES;
      Parallel.range(
          groups * pointCount,
          spare ? Parallel.grain(work) : groups * pointCount,
          (from, to) ->
              multiply(
                  from,
                  to,
                  begin == first,
                  count * across,
                  left,
                  outPlane,
                  right,
                  inPlane,
                  sums,
                  at));
    }
    Scratch.give(right);
    Scratch.give(left);
  }

  /** Adds the products of a block of tiles to the sums of some points. */
  private void multiply(
      int from,
      int to,
      boolean isFirst,
      int count,
      float[] left,
      int outPlane,
      float[] right,
      int inPlane,
      float[] sums,
      int at) {
    VectorProduct product = VectorProduct.take();
    for (int item = from; item < to; item++) {
      int group = item / pointCount;
      int p = item % pointCount;
      int target = at + group * groupSize() + p * (out / groups) * sumStride();
      product
          .leftColumns(left, p * outPlane + group * (out / groups), outStride)
          .right(right, p * inPlane + group * (in / groups), inStride)
          .into(sums, target, sumRows);
      if (isFirst) {
        product.fromZero();
      } else {
        product.fromTarget();
      }
      product.run(out / groups, VectorPanels.padded(in / groups), count);
    }
    product.give();
  }
}
