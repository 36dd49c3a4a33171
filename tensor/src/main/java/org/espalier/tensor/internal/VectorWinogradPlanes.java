package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.SegmentLayout.HIGH;
import static org.espalier.tensor.internal.SegmentLayout.TAPS;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import java.util.Arrays;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.parallel.Parallel;

/**
 * Convolves 3x3 layers of few channels with neighbouring pixels as lanes, by Winograd's F(4, 3)
 * along the columns of pixels: four rows of outputs from six rows of inputs, 4.5 multiplications
 * for each output and pair of channels instead of 9.
 *
 * <p>Why pixels as lanes: a vector of 8 or 10 channels is half empty, and each of its multiply-adds
 * wants a broadcast of its own. Here any number of channels fills the vectors, and a broadcast
 * serves four. The price is that the inputs are turned to planes, one for each channel, and the
 * outputs are turned back, so layers of 16 channels on both sides gain nothing. Pixels of a column
 * lie in different vectors, so the transform needs no shuffle, and the taps of a row are offsets.
 *
 * <p>A block of {@linkplain SegmentLayout segments} goes through all steps: planes of inputs, six
 * points of each column, which lie behind each other for all segments, a plane of sums for each
 * point and output channel, four rows of outputs. Sums for places between lines are thrown away.
 * The sums over inputs are chains of fused multiply-adds: silenced channels change no bit.
 */
final class VectorWinogradPlanes {
  /** Points of a column. */
  private static final int SIDE = 6;

  /** The point 1, which reaches every output with factor 1. */
  private static final int EVERYWHERE = 1;

  /** Vectors of a tile. */
  private static final int WIDE = VectorPlaneTile.WIDE / LANES;

  private final SegmentLayout layout;
  private final int in;
  private final int out;

  /** Output channels in whole tiles. */
  private final int padded;

  /** Distance of two planes of points, and of sums. */
  private final int plane;

  /** Where the points under each weight lie, from that of the output on. */
  private final int[] offsets;

  private final float[] zeros;

  VectorWinogradPlanes(int images, WindowAxis rows, WindowAxis columns, int in, int out) {
    this.layout = SegmentLayout.of(images, rows, columns, LANES);
    this.in = in;
    this.out = out;
    this.padded = (out + VectorPlaneTile.ROWS - 1) / VectorPlaneTile.ROWS * VectorPlaneTile.ROWS;
    int run = layout.together() * layout.pitch();
    int tiles = (run + VectorPlaneTile.WIDE - 1) / VectorPlaneTile.WIDE;
    // Whole tiles, and an odd vector: else the planes compete for a few lines of the cache.
    this.plane = tiles * VectorPlaneTile.WIDE + LANES;
    this.offsets = new int[in * TAPS];
    for (int k = 0; k < offsets.length; k++) {
      offsets[k] = k / TAPS * plane + k % TAPS;
    }
    this.zeros = new float[padded];
  }

  /**
   * Computes the convolution.
   *
   * @param turned false: weight is {@code [out, 3, 3, in]}; true: it is {@code [in, 3, 3, out]} and
   *     applied turned by 180 degrees, which gives the gradient of the input
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
            new Layout(turned),
            (long) SIDE * padded * offsets.length,
            weights -> pack(turned, weight.values(), weights));
    float[] first = start == null ? zeros : Arrays.copyOf(start, padded);
    Parallel.range(
        layout.blocks(),
        1,
        (from, to) -> blocks(from, to, source, packed.panels(), first, clamp, target));
    packed.release();
  }

  /** Names the order of the weights. */
  private record Layout(boolean turned) {}

  /** Transforms the weights, {@code [points, tiles of outputs, in, taps, outputs of a tile]}. */
  private void pack(boolean turned, float[] weight, float[] packed) {
    Arrays.fill(packed, 0, SIDE * padded * offsets.length, 0);
    int taps = TAPS * TAPS;
    for (int o = 0; o < out; o++) {
      for (int k = 0; k < offsets.length; k++) {
        int c = k / TAPS;
        int j = k % TAPS;
        int at = turned ? (c * taps + taps - 1 - j) * out + o : (o * taps + j) * in + c;
        int step = turned ? -TAPS * out : TAPS * in;
        int row = o % VectorPlaneTile.ROWS;
        int to = (o - row) * offsets.length + k * VectorPlaneTile.ROWS + row;
        points(weight[at], weight[at + step], weight[at + 2 * step], packed, to);
      }
    }
  }

  private void points(float g0, float g1, float g2, float[] packed, int to) {
    int step = padded * offsets.length;
    float even = (g0 + g2) * (-1f / 6);
    float odd = g1 * (1f / 6);
    float sum = g0 * (1f / 24) + g2 * (1f / 6);
    float difference = g1 * (1f / 12);
    packed[to] = g0 * 0.25f;
    packed[to + step] = even - odd;
    packed[to + 2 * step] = even + odd;
    packed[to + 3 * step] = sum + difference;
    packed[to + 4 * step] = sum - difference;
    packed[to + 5 * step] = g2;
  }

  private void blocks(
      int from,
      int to,
      float[] source,
      float[] packed,
      float[] start,
      Clamp clamp,
      float[] target) {
    float[] inputs = Scratch.take((long) (layout.places() + LANES) * in);
    float[] planes = Scratch.take((long) layout.places() * Math.max(LANES, in));
    float[] points = Scratch.take((long) SIDE * in * plane);
    float[] sums = Scratch.take((long) SIDE * padded * plane);
    float[] rows = Scratch.take((long) HIGH * Math.max(LANES, out) * plane);
    float[] outputs = Scratch.take((long) (layout.places() + LANES) * out);
    float[] square = Scratch.take(SparseLoops.SQUARE);
    Arrays.fill(inputs, 0, layout.places() * in, 0);
    for (int block = from; block < to; block++) {
      int first = block * layout.together();
      int count = Math.min(layout.together(), layout.segments() - first);
      square[0] =
          readAhead(source, layout.rows().source(), layout.columns().source() * in, first, count);
      layout.take(source, in, first, count, inputs);
      toPlanes(first, count, inputs, planes, square);
      points(first, count, planes, points);
      products(count, points, packed, start, sums);
      int run = count * layout.pitch();
      for (int o = 0; o < out; o++) {
        VectorWinogradRun.output(
            sums, o * plane, padded * plane, rows, o * plane, out * plane, run);
      }
      square[0] =
          readAhead(
              target, layout.rows().outputs(), layout.columns().outputs() * out, first, count);
      toPixels(run, rows, outputs, square);
      layout.put(outputs, out, first, count, clamp, target);
    }
    Scratch.give(square);
    Scratch.give(outputs);
    Scratch.give(rows);
    Scratch.give(sums);
    Scratch.give(points);
    Scratch.give(planes);
    Scratch.give(inputs);
  }

  /** Reads what a block takes, or will write, in the order in which it lies. */
  private float readAhead(float[] images, int height, int length, int first, int count) {
    int from = layout.row(height, first) * length;
    return ReadAhead.lines(images, from, layout.row(height, first + count) * length);
  }

  /** Turns the inputs of a block to planes, one for each channel. */
  private void toPlanes(int first, int count, float[] inputs, float[] planes, float[] square) {
    int stride = layout.places();
    for (int m = 0; m < HIGH; m++) {
      int end = m * layout.phase() + layout.end(first, count, m);
      for (int place = m * layout.phase(); place < end; place += LANES) {
        for (int c = 0; c < in; c += LANES) {
          int channel = Math.max(0, Math.min(c, in - LANES));
          VectorTurn.take(inputs, place * in + channel, in, square);
          if (in <= LANES / 2) {
            VectorTurn.placeHalf(square, planes, place, stride);
          } else {
            VectorTurn.place(square, planes, channel * stride + place, stride);
          }
        }
      }
    }
  }

  /** Transforms the columns of the planes, and makes the zeros behind the last line. */
  private void points(int first, int count, float[] planes, float[] points) {
    int phase = layout.phase();
    int pitch = layout.pitch();
    int end;
    for (int i = 0; i < count; i = end) {
      end = layout.bandEnd(first, i, count);
      int at = layout.place(first, i, 0);
      int second = 2 * phase + layout.place(first, i, 2) - at;
      for (int c = 0; c < in; c++) {
        int from = c * layout.places() + at;
        int to = c * plane + i * pitch;
        int run = (end - i) * pitch;
        VectorWinogradRun.input(planes, from, phase, second, pitch, points, to, in * plane, run);
      }
    }
    for (int row = 0; row < SIDE * in; row++) {
      int behind = row * plane + count * pitch;
      Arrays.fill(points, behind, behind + TAPS - 1, 0);
    }
  }

  /** Multiplies the points with the weights, four vectors of places at a time, the rest by two. */
  private void products(int count, float[] points, float[] packed, float[] start, float[] sums) {
    int vectors = (count * layout.pitch() + LANES - 1) / LANES;
    int rest = vectors % WIDE;
    int whole = rest == WIDE - 1 ? vectors + 1 : vectors - rest;
    for (int point = 0; point < SIDE; point++) {
      float[] first = point == EVERYWHERE ? start : zeros;
      for (int vector = 0; vector < vectors; vector += WIDE) {
        int from = point * in * plane + vector * LANES;
        for (int o = 0; o < padded; o += VectorPlaneTile.ROWS) {
          int row = point * padded + o;
          int weight = row * offsets.length;
          int to = row * plane + vector * LANES;
          if (vector < whole) {
            VectorPlaneTile.sum(points, from, offsets, packed, weight, first, o, sums, to, plane);
          } else {
            VectorPlaneTile.half(points, from, offsets, packed, weight, first, o, sums, to, plane);
          }
        }
      }
    }
  }

  /** Turns rows of outputs, a plane for each channel, to pixels. */
  private void toPixels(int run, float[] rows, float[] outputs, float[] square) {
    for (int m = 0; m < HIGH; m++) {
      for (int place = 0; place < run; place += LANES) {
        int to = (m * layout.phase() + place) * out;
        for (int o = 0; o < out; o += LANES) {
          // What a pixel of few channels has too much, the next one overwrites.
          int channel = Math.max(0, Math.min(o, out - LANES));
          VectorTurn.take(rows, (m * out + channel) * plane + place, plane, square);
          VectorTurn.place(square, outputs, to + channel, out);
        }
      }
    }
  }
}
