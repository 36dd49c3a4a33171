package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;
import static org.espalier.tensor.internal.VectorWinogradForm.WIDE;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.parallel.Parallel;

/**
 * Convolves layers of few channels by Winograd's F(4x4, 3x3) as {@link VectorWinograd} does, a few
 * rows of tiles at a time through all three steps.
 *
 * <p>Why not in blocks: the weights of few channels fit the L1 cache or nearly so, and what wide
 * layers must write to the L2 cache and read again, 36 points and 36 products of each tile, costs
 * more than the multiplications here. The points are made six at a time, a piece has few tiles, and
 * neither points nor products of neighbouring tiles have gaps between them, so that the transforms
 * fill their vectors. The products are transformed along their columns first, as {@link
 * VectorWinogradOutput} does: a compact network has the bits of the masked one it was cut from.
 */
final class VectorWinogradNarrow {
  /** Points of a tile along an axis. */
  private static final int SIDE = 6;

  /** The point (1, 1), which reaches every output of a tile with factor 1. */
  private static final int EVERYWHERE = SIDE + 1;

  /** Tiles of a piece: each reads all weights. */
  private static final int TILES = 16;

  /** Rows of a register tile; as many sums hide their latency. */
  private static final int ROWS = 8;

  private static final float[] ZEROS = new float[LANES];

  private final WindowAxis rows;
  private final WindowAxis columns;
  private final int in;
  private final int out;
  private final int padded;
  private final VectorWinogradTiles tiles;
  private final int all;
  private final int together;

  /** Distance of two points and of two products: whole register tiles and what reaches beyond. */
  private final int inPlane;

  private final int outPlane;

  /** Floats of a line of outputs, those of cut tiles counted, and what reaches beyond. */
  private final int line;

  VectorWinogradNarrow(int images, WindowAxis rows, WindowAxis columns, int in, int out) {
    this.rows = rows;
    this.columns = columns;
    this.in = in;
    this.out = out;
    this.padded = VectorPanels.padded(out);
    this.tiles = VectorWinogradTiles.inputs(rows, columns, in);
    this.all = images * tiles.down();
    this.together = (TILES + tiles.across() - 1) / tiles.across();
    int most = (together * tiles.across() + ROWS - 1) / ROWS * ROWS;
    this.inPlane = most * tiles.stride() + LANES;
    this.outPlane = most * out + LANES;
    this.line = tiles.across() * WIDE * out + LANES;
  }

  /** Tells whether this way is meant for such a layer. */
  static boolean serves(VectorWinogradTiles tiles, int in, int out, int groups) {
    return groups == 1 && out < LANES && tiles.isDense() && in <= 2 * LANES;
  }

  /**
   * Computes the convolution.
   *
   * @param panels the transformed weights, a vector readable behind their end
   * @param start what the outputs start from, a vector at least, or null for 0
   * @param target receives the outputs (modified)
   */
  void run(float[] source, float[] panels, float[] start, Clamp clamp, float[] target) {
    int pieces = (all + together - 1) / together;
    long work = (long) together * tiles.across() * SIDE * SIDE * in;
    Parallel.range(
        pieces,
        Parallel.grain(work),
        (from, to) -> {
          float[] half = Scratch.take((long) together * tiles.halfSize());
          float[] points = Scratch.take((long) SIDE * inPlane);
          float[] products = Scratch.take((long) SIDE * SIDE * outPlane);
          float[] halfBack = Scratch.take((long) SIDE * WIDE * outPlane);
          float[] outputs = Scratch.take((long) WIDE * line);
          Arrays.fill(points, 0, SIDE * inPlane, 0);
          for (int piece = from; piece < to; piece++) {
            int row = piece * together;
            int count = Math.min(together, all - row);
            for (int r = 0; r < count; r++) {
              tiles.half(source, row + r, half, r * tiles.halfSize());
            }
            for (int i = 0; i < SIDE; i++) {
              pointRow(i, count, half, points, panels, start, products);
            }
            halfBack(products, count, halfBack);
            for (int r = 0; r < count; r++) {
              outputs(halfBack, r * tiles.across() * out, outputs);
              store(outputs, row + r, clamp, target);
            }
          }
          Scratch.give(outputs);
          Scratch.give(halfBack);
          Scratch.give(products);
          Scratch.give(points);
          Scratch.give(half);
        });
  }

  /** Makes the points of row {@code i} of all tiles and multiplies them. */
  private void pointRow(
      int i,
      int count,
      float[] half,
      float[] points,
      float[] panels,
      float[] start,
      float[] products) {
    int across = tiles.across();
    int stride = tiles.stride();
    for (int r = 0; r < count; r++) {
      tiles.pointRow(half, r * tiles.halfSize(), i, points, r * across * stride, inPlane);
    }
    for (int j = 0; j < SIDE; j++) {
      int point = SIDE * i + j;
      float[] first = point == EVERYWHERE && start != null ? start : ZEROS;
      int panel = point * in * padded;
      int to = point * outPlane;
      multiply(points, j * inPlane, stride, panels, panel, first, products, to, count);
    }
  }

  /** Transforms the columns of the products of all tiles, not yet the rows. */
  private void halfBack(float[] products, int count, float[] halfBack) {
    int row = SIDE * outPlane;
    int run = count * tiles.across() * out;
    for (int j = 0; j < SIDE; j++) {
      int at = j * outPlane;
      VectorWinogradRun.output(products, at, row, halfBack, at, row, run);
    }
  }

  /**
   * Multiplies all tiles at one point with its weights, eight at a time. What is behind the outputs
   * of a tile is overwritten by the next one.
   */
  private void multiply(
      float[] points,
      int from,
      int stride,
      float[] panels,
      int panel,
      float[] start,
      float[] products,
      int to,
      int count) {
    for (int tile = 0; tile < count * tiles.across(); tile += ROWS) {
      int a = from + tile * stride;
      int b = panel;
      FloatVector c0 = FloatVector.fromArray(FULL, start, 0);
      FloatVector c1 = c0;
      FloatVector c2 = c0;
      FloatVector c3 = c0;
      FloatVector c4 = c0;
      FloatVector c5 = c0;
      FloatVector c6 = c0;
      FloatVector c7 = c0;
      for (int p = 0; p < in; p++) {
        FloatVector weights = FloatVector.fromArray(FULL, panels, b);
        c0 = FloatVector.broadcast(FULL, points[a]).fma(weights, c0);
        c1 = FloatVector.broadcast(FULL, points[a + stride]).fma(weights, c1);
        c2 = FloatVector.broadcast(FULL, points[a + 2 * stride]).fma(weights, c2);
        c3 = FloatVector.broadcast(FULL, points[a + 3 * stride]).fma(weights, c3);
        c4 = FloatVector.broadcast(FULL, points[a + 4 * stride]).fma(weights, c4);
        c5 = FloatVector.broadcast(FULL, points[a + 5 * stride]).fma(weights, c5);
        c6 = FloatVector.broadcast(FULL, points[a + 6 * stride]).fma(weights, c6);
        c7 = FloatVector.broadcast(FULL, points[a + 7 * stride]).fma(weights, c7);
        a++;
        b += padded;
      }
      int c = to + tile * out;
      FULL_TYPE.cast(c0).intoArray(products, c);
      FULL_TYPE.cast(c1).intoArray(products, c + out);
      FULL_TYPE.cast(c2).intoArray(products, c + 2 * out);
      FULL_TYPE.cast(c3).intoArray(products, c + 3 * out);
      FULL_TYPE.cast(c4).intoArray(products, c + 4 * out);
      FULL_TYPE.cast(c5).intoArray(products, c + 5 * out);
      FULL_TYPE.cast(c6).intoArray(products, c + 6 * out);
      FULL_TYPE.cast(c7).intoArray(products, c + 7 * out);
    }
  }

  /** Transforms the rows of a row of tiles back to lines of outputs, pixel by pixel. */
  private void outputs(float[] halfBack, int from, float[] outputs) {
    for (int t = 0; t < tiles.across(); t++) {
      for (int i = 0; i < WIDE; i++) {
        int at = from + t * out + i * SIDE * outPlane;
        int to = i * line + t * WIDE * out;
        VectorWinogradLine.output(halfBack, at, outPlane, 0, outputs, to, out, 1, out);
      }
    }
  }

  private void store(float[] outputs, int row, Clamp clamp, float[] target) {
    int y = row % tiles.down() * WIDE;
    int length = columns.outputs() * out;
    int to = (row / tiles.down() * rows.outputs() + y) * length;
    int high = Math.min(WIDE, rows.outputs() - y);
    for (int i = 0; i < high; i++) {
      System.arraycopy(outputs, i * line, target, to + i * length, length);
    }
    if (clamp != null) {
      ScalarElementwise.clamp(clamp, target, to, to + high * length);
    }
  }
}
