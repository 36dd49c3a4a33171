package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorWinogradWeights.POINTS;

import org.espalier.tensor.internal.VectorProduct.Lines;
import org.espalier.tensor.parallel.Parallel;

/**
 * Sums the gradient of a 3x3 kernel of stride 1 in the domain of Winograd's F(4x4, 3x3): the
 * adjoint of {@link VectorWinograd}. Inputs and output gradients are transformed to 36 points, each
 * point is a product {@code [out, tiles] · [tiles, in]}, and the sums are transformed back to
 * weights once.
 *
 * <p>The tiles are cut into pieces by the size of the problem, each with sums of its own that are
 * added in order, so that the result does not depend on the threads.
 */
final class VectorWinogradGradient {
  /** Floats of a block of transformed tiles: three quarters of an L2 cache. */
  private static final int BLOCK = 200_000;

  /** Fewest tiles of a block: the sums are loaded and stored once a block. */
  private static final int TILES = 64;

  /** Most pieces, fewest tiles of one, and most floats of the sums of all. */
  private static final int PIECES = 8;

  private static final int PIECE_TILES = 128;
  private static final int SUMS = 1 << 24;

  private final int images;
  private final int in;
  private final int out;
  private final int groups;
  private final int inStride;
  private final int outStride;
  private final VectorWinogradTiles inputs;
  private final VectorWinogradTiles gradients;

  VectorWinogradGradient(
      int images, WindowAxis rows, WindowAxis columns, int in, int out, int groups) {
    this.images = images;
    this.in = in;
    this.out = out;
    this.groups = groups;
    this.inStride = VectorWinogradTiles.stride(in);
    this.outStride = VectorWinogradTiles.stride(out);
    this.inputs = VectorWinogradTiles.inputs(rows, columns, in);
    this.gradients = VectorWinogradTiles.outputGradients(rows, columns, out);
  }

  /** Computes {@code dw [out, 3, 3, in]} (modified). */
  void run(float[] x, float[] dy, float[] dw) {
    int all = images * inputs.down();
    int size = groups * groupSize();
    int pieces = Math.min(PIECES, all * inputs.across() / PIECE_TILES);
    int parts = Math.max(1, Math.min(Math.min(pieces, all), SUMS / size));
    float[] sums = Scratch.take((long) parts * size);
    Parallel.range(
        parts,
        1,
        (from, to) -> {
          for (int part = from; part < to; part++) {
            int first = (int) ((long) all * part / parts);
            int end = (int) ((long) all * (part + 1) / parts);
            sum(first, end, x, dy, sums, part * size);
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
    for (int group = 0; group < groups; group++) {
      VectorWinogradWeights.gradient(
          groupOut,
          groupIn,
          sumStride(),
          sums,
          group * groupSize(),
          dw,
          group * 9 * groupOut * groupIn);
    }
    Scratch.give(sums);
  }

  /** Returns the floats from the sums of one output channel to those of the next. */
  private int sumStride() {
    return VectorWinogradTiles.stride(in / groups);
  }

  /** Returns the floats of the sums of one group. */
  private int groupSize() {
    return POINTS * (out / groups) * sumStride();
  }

  private void sum(int first, int end, float[] x, float[] dy, float[] sums, int at) {
    int across = inputs.across();
    int together = Math.max(1, Math.max(BLOCK / (POINTS * (inStride + outStride)), TILES) / across);
    float[] left = Scratch.take((long) POINTS * (together * across * outStride + 16));
    float[] right =
        Scratch.take((long) POINTS * (together * across * inStride + 16) + VectorPanels.WIDEST);
    VectorProduct product = VectorProduct.take();
    Lines sumRows = Lines.of(0, sumStride());
    for (int row = first; row < end; row += together) {
      int count = Math.min(together, end - row);
      int outPlane = count * across * outStride + 16;
      int inPlane = count * across * inStride + 16;
      for (int i = 0; i < count; i++) {
        gradients.transform(dy, row + i, left, i * across, outPlane);
        inputs.transform(x, row + i, right, i * across, inPlane);
      }
      for (int group = 0; group < groups; group++) {
        for (int p = 0; p < POINTS; p++) {
          int target = at + group * groupSize() + p * (out / groups) * sumStride();
          product
              .leftColumns(left, p * outPlane + group * (out / groups), outStride)
              .right(right, p * inPlane + group * (in / groups), inStride)
              .into(sums, target, sumRows);
          if (row == first) {
            product.fromZero();
          } else {
            product.fromTarget();
          }
          product.run(out / groups, VectorPanels.padded(in / groups), count * across);
        }
      }
    }
    product.give();
    Scratch.give(right);
    Scratch.give(left);
  }
}
