package org.espalier.tensor.internal;

import org.espalier.tensor.parallel.Parallel;

/**
 * Transforms the weights of convolutions to the points of Winograd's transform, and gradients at
 * these points back to weights. Where a transposition is needed it is done on the taps, which are
 * fewer than the points.
 */
final class VectorWinogradWeights {
  private final VectorWinogradForm form;
  private final int tapSide;
  private final int side;
  private final int taps;
  private final int points;

  VectorWinogradWeights(VectorWinogradForm form) {
    this.form = form;
    this.tapSide = form.columnTaps();
    this.side = form.side();
    this.taps = form.taps();
    this.points = form.points();
  }

  /**
   * Transforms {@code weight [out, taps, in]} to panels, one matrix a point behind each other.
   *
   * @param turned false for the forward pass: matrices {@code [in, out]}; true for the gradient of
   *     the input: matrices {@code [out, in]} of the kernel turned by 180 degrees
   * @param at where the weight begins in its array
   * @param panels receives the packed matrices from {@code to} on (modified)
   */
  void pack(boolean turned, int out, int in, float[] weight, int at, float[] panels, int to) {
    int depth = turned ? out : in;
    int columns = turned ? in : out;
    int stride = VectorWinogradTiles.stride(columns);
    float[] spread = Scratch.take((long) points * depth * stride);
    // Vectors read up to their whole length behind the last kernel.
    float[] kernels = Scratch.take((long) taps * out * in + VectorPanels.LANES);
    if (turned) {
      System.arraycopy(weight, at, kernels, 0, taps * out * in);
      transform(out, in, kernels, (taps - 1) * in, taps * in, -in, spread);
    } else {
      Parallel.range(
          taps,
          Parallel.grain((long) out * in),
          (first, end) -> {
            for (int tap = first; tap < end; tap++) {
              VectorPanels.turn(
                  out, in, weight, at + tap * in, taps * in, kernels, tap * out * in, out);
            }
          });
      transform(in, out, kernels, 0, out, out * in, spread);
    }
    Scratch.give(kernels);
    int packed = depth * VectorPanels.padded(columns);
    Parallel.range(
        points,
        Parallel.grain((long) depth * columns),
        (first, end) -> {
          for (int p = first; p < end; p++) {
            VectorPanels.packSlices(
                false, depth, columns, spread, p * depth * stride, stride, panels, to + p * packed);
          }
        });
    Scratch.give(spread);
  }

  /**
   * Transforms kernels whose taps are {@code tap} apart to {@code spread [points, rows, stride of
   * columns]}.
   */
  private void transform(
      int rows, int columns, float[] kernels, int first, int step, int tap, float[] spread) {
    int stride = VectorWinogradTiles.stride(columns);
    int plane = rows * stride;
    Parallel.range(
        rows,
        Parallel.grain(points * columns / 4),
        (from, to) -> {
          float[] half = Scratch.take((long) side * tapSide * stride);
          for (int r = from; r < to; r++) {
            int kernel = first + r * step;
            if (form.isLine()) {
              VectorWinogradTransforms.weight(
                  tapSide, kernels, kernel, tap, 0, spread, r * stride, plane, 0, 1, columns);
              continue;
            }
            VectorWinogradTransforms.weight(
                tapSide,
                kernels,
                kernel,
                tap,
                tapSide * tap,
                half,
                0,
                stride,
                side * stride,
                tapSide,
                columns);
            VectorWinogradTransforms.weight(
                tapSide,
                half,
                0,
                side * stride,
                stride,
                spread,
                r * stride,
                side * plane,
                plane,
                side,
                columns);
          }
          Scratch.give(half);
        });
  }

  /**
   * Transforms gradients {@code [points, out, stride]} to {@code dw [out, taps, in]}.
   *
   * @param stride floats from the gradients of one output channel to those of the next
   * @param at where they begin in their array
   * @param dw receives the gradients from {@code start} on (modified)
   */
  void gradient(int out, int in, int stride, float[] sums, int at, float[] dw, int start) {
    int plane = out * stride;
    Parallel.range(
        out,
        Parallel.grain(points * in / 4),
        (from, to) -> {
          float[] half = Scratch.take((long) side * tapSide * stride);
          float[] kernel = Scratch.take((long) taps * stride);
          for (int o = from; o < to; o++) {
            int first = at + o * stride;
            if (form.isLine()) {
              VectorWinogradTransforms.weightGradient(
                  tapSide, sums, first, plane, 0, kernel, 0, stride, 0, 1, in);
            } else {
              VectorWinogradTransforms.weightGradient(
                  tapSide,
                  sums,
                  first,
                  plane,
                  side * plane,
                  half,
                  0,
                  stride,
                  tapSide * stride,
                  side,
                  in);
              VectorWinogradTransforms.weightGradient(
                  tapSide,
                  half,
                  0,
                  tapSide * stride,
                  stride,
                  kernel,
                  0,
                  tapSide * stride,
                  stride,
                  tapSide,
                  in);
            }
            for (int tap = 0; tap < taps; tap++) {
              VectorPanels.copy(kernel, tap * stride, dw, start + (taps * o + tap) * in, in);
            }
          }
          Scratch.give(kernel);
          Scratch.give(half);
        });
  }
}
