package org.espalier.tensor.internal;

import org.espalier.tensor.parallel.Parallel;

/**
 * Transforms the weights of 3x3 convolutions to the 36 points of Winograd's F(4x4, 3x3), and
 * gradients at these points back to weights. Where a transposition is needed it is done on the nine
 * taps, not on the 36 points.
 */
final class VectorWinogradWeights {
  /** Points of a tile: six times six. */
  static final int POINTS = 36;

  private VectorWinogradWeights() {}

  /**
   * Transforms {@code weight [out, 3, 3, in]} to panels, 36 matrices behind each other.
   *
   * @param turned false for the forward pass: matrices {@code [in, out]}; true for the gradient of
   *     the input: matrices {@code [out, in]} of the kernel turned by 180 degrees
   * @param at where the weight begins in its array
   * @param panels receives the packed matrices from {@code to} on (modified)
   */
  static void pack(
      boolean turned, int out, int in, float[] weight, int at, float[] panels, int to) {
    int depth = turned ? out : in;
    int columns = turned ? in : out;
    int stride = VectorWinogradTiles.stride(columns);
    float[] points = Scratch.take((long) POINTS * depth * stride);
    // Vectors read up to their whole length behind the last kernel.
    float[] kernels = Scratch.take(9L * out * in + VectorPanels.LANES);
    if (turned) {
      System.arraycopy(weight, at, kernels, 0, 9 * out * in);
      transform(out, in, kernels, 8 * in, 9 * in, -in, points);
    } else {
      Parallel.range(
          9,
          Parallel.grain((long) out * in),
          (first, end) -> {
            for (int tap = first; tap < end; tap++) {
              VectorPanels.turn(
                  out, in, weight, at + tap * in, 9 * in, kernels, tap * out * in, out);
            }
          });
      transform(in, out, kernels, 0, out, out * in, points);
    }
    Scratch.give(kernels);
    int packed = depth * VectorPanels.padded(columns);
    Parallel.range(
        POINTS,
        Parallel.grain((long) depth * columns),
        (first, end) -> {
          for (int p = first; p < end; p++) {
            VectorPanels.packSlices(
                false, depth, columns, points, p * depth * stride, stride, panels, to + p * packed);
          }
        });
    Scratch.give(points);
  }

  /**
   * Transforms kernels whose taps are {@code tap} apart to {@code points [36, rows, stride of
   * columns]}.
   */
  private static void transform(
      int rows, int columns, float[] kernels, int first, int step, int tap, float[] points) {
    int stride = VectorWinogradTiles.stride(columns);
    int plane = rows * stride;
    Parallel.range(
        rows,
        Parallel.grain(POINTS * columns / 4),
        (from, to) -> {
          float[] half = Scratch.take(18L * stride);
          for (int r = from; r < to; r++) {
            VectorWinogradTransforms.weight(
                kernels, first + r * step, tap, 3 * tap, half, 0, stride, 6 * stride, 3, columns);
            VectorWinogradTransforms.weight(
                half, 0, 6 * stride, stride, points, r * stride, 6 * plane, plane, 6, columns);
          }
          Scratch.give(half);
        });
  }

  /**
   * Transforms gradients {@code [36, out, stride]} at the points to {@code dw [out, 3, 3, in]}.
   *
   * @param stride floats from the gradients of one output channel to those of the next
   * @param at where they begin in their array
   * @param dw receives the gradients from {@code start} on (modified)
   */
  static void gradient(int out, int in, int stride, float[] points, int at, float[] dw, int start) {
    int plane = out * stride;
    Parallel.range(
        out,
        Parallel.grain(POINTS * in / 4),
        (from, to) -> {
          float[] half = Scratch.take(18L * stride);
          float[] taps = Scratch.take(9L * stride);
          for (int o = from; o < to; o++) {
            VectorWinogradTransforms.weightGradient(
                points, at + o * stride, plane, 6 * plane, half, 0, stride, 3 * stride, 6, in);
            VectorWinogradTransforms.weightGradient(
                half, 0, 3 * stride, stride, taps, 0, 3 * stride, stride, 3, in);
            for (int tap = 0; tap < 9; tap++) {
              VectorPanels.copy(taps, tap * stride, dw, start + (9 * o + tap) * in, in);
            }
          }
          Scratch.give(taps);
          Scratch.give(half);
        });
  }
}
