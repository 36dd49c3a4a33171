package org.espalier.tensor.internal;

/**
 * Transforms the weights of 3x3 convolutions to the 36 points of Winograd's F(4x4, 3x3), and
 * gradients at these points back to weights. Where a transposition is needed it is done on the nine
 * taps, not on the 36 points.
 */
final class VectorWinogradWeights {
  /** Points of a tile: six times six. */
  static final int POINTS = 36;

  /** Channels transformed at once: 36 runs of them stay in the L1 cache with their source. */
  static final int CHUNK = 64;

  private VectorWinogradWeights() {}

  /** Returns the number of channels to transform at once. */
  static int chunk(int channels) {
    return channels <= 2 * CHUNK ? channels : CHUNK;
  }

  /**
   * Transforms {@code weight [out, 3, 3, in]} to panels, 36 matrices behind each other.
   *
   * @param turned false for the forward pass: matrices {@code [in, out]}; true for the gradient of
   *     the input: matrices {@code [out, in]} of the kernel turned by 180 degrees
   * @param panels receives the packed matrices (modified)
   */
  static void pack(boolean turned, int out, int in, float[] weight, float[] panels) {
    int plane = out * in;
    float[] points = Scratch.take((long) POINTS * plane);
    if (turned) {
      transform(out, in, weight, 8 * in, 9 * in, -in, points);
    } else {
      float[] byInput = Scratch.take(9L * plane);
      Parallel.range(
          9,
          Parallel.grain(plane),
          (from, to) -> {
            for (int tap = from; tap < to; tap++) {
              VectorPanels.turn(out, in, weight, tap * in, 9 * in, byInput, tap * plane, out);
            }
          });
      transform(in, out, byInput, 0, out, plane, points);
      Scratch.give(byInput);
    }
    int depth = turned ? out : in;
    int columns = turned ? in : out;
    int packed = depth * VectorPanels.padded(columns);
    Parallel.range(
        POINTS,
        Parallel.grain(plane),
        (from, to) -> {
          for (int p = from; p < to; p++) {
            VectorPanels.packSlices(
                false, depth, columns, points, p * plane, columns, panels, p * packed);
          }
        });
    Scratch.give(points);
  }

  /** Transforms kernels whose taps are {@code tap} apart to {@code points [36, rows, columns]}. */
  private static void transform(
      int rows, int columns, float[] kernels, int first, int step, int tap, float[] points) {
    int plane = rows * columns;
    Parallel.range(
        rows,
        Parallel.grain(POINTS * columns / 4),
        (from, to) -> {
          float[] half = Scratch.take(18L * columns);
          for (int r = from; r < to; r++) {
            VectorWinogradTransforms.weight(
                kernels, first + r * step, tap, 3 * tap, half, 0, columns, 6 * columns, 3, columns);
            VectorWinogradTransforms.weight(
                half, 0, 6 * columns, columns, points, r * columns, 6 * plane, plane, 6, columns);
          }
          Scratch.give(half);
        });
  }

  /** Transforms gradients {@code [36, out, in]} at the points to {@code dw [out, 3, 3, in]}. */
  static void gradient(int out, int in, float[] points, float[] dw) {
    int plane = out * in;
    Parallel.range(
        out,
        Parallel.grain(POINTS * in / 4),
        (from, to) -> {
          float[] half = Scratch.take(18L * in);
          for (int o = from; o < to; o++) {
            VectorWinogradTransforms.weightGradient(
                points, o * in, plane, 6 * plane, half, 0, in, 3 * in, 6, in);
            VectorWinogradTransforms.weightGradient(
                half, 0, 3 * in, in, dw, o * 9 * in, 3 * in, in, 3, in);
          }
          Scratch.give(half);
        });
  }
}
