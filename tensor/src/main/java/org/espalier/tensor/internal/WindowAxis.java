package org.espalier.tensor.internal;

import java.util.ArrayList;
import java.util.List;
import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Describes one axis of a sweep of windows over a source: output {@code o} lands on target position
 * {@code first + o · step}, and its tap {@code t} reads source position {@code o · stride + t ·
 * dilation - pad}, 0 outside.
 *
 * <p>The forward pass of a convolution is one sweep. The gradient of its input is one sweep for
 * each residue of the input position modulo the stride, each with a part of the taps in reverse
 * order and with stride 1: nothing is scattered and no multiplication with a gap is done.
 *
 * @param source number of source positions
 * @param outputs number of outputs of this sweep
 * @param taps number of taps of this sweep
 * @param stride source positions between two outputs
 * @param dilation source positions between two taps
 * @param pad positions outside before the first; may be negative
 * @param target number of target positions of all sweeps
 * @param first target position of the first output
 * @param step target positions between two outputs
 * @param firstTap number of the first tap in the kernel
 * @param tapStep numbers of the kernel between two taps
 */
record WindowAxis(
    int source,
    int outputs,
    int taps,
    int stride,
    int dilation,
    int pad,
    int target,
    int first,
    int step,
    int firstTap,
    int tapStep) {

  /** Returns the rows of the forward pass. */
  static WindowAxis rows(ConvGeometry g) {
    return forward(
        g.inHeight(),
        g.outHeight(),
        g.kernelHeight(),
        g.strideHeight(),
        g.dilationHeight(),
        g.padTop());
  }

  /** Returns the columns of the forward pass. */
  static WindowAxis columns(ConvGeometry g) {
    return forward(
        g.inWidth(),
        g.outWidth(),
        g.kernelWidth(),
        g.strideWidth(),
        g.dilationWidth(),
        g.padLeft());
  }

  private static WindowAxis forward(
      int source, int outputs, int taps, int stride, int dilation, int pad) {
    return new WindowAxis(source, outputs, taps, stride, dilation, pad, outputs, 0, 1, 0, 1);
  }

  /** Returns the sweeps of the opposite direction: what was output becomes source. */
  List<WindowAxis> reversed() {
    List<WindowAxis> phases = new ArrayList<>();
    for (int phase = 0; phase < Math.min(stride, source); phase++) {
      phases.add(reversed(phase));
    }
    return phases;
  }

  private WindowAxis reversed(int phase) {
    int lowest = 0;
    while (lowest < stride && Math.floorMod(phase + pad - lowest * dilation, stride) != 0) {
      lowest++;
    }
    int apart = 1;
    while (apart * dilation % stride != 0) {
      apart++;
    }
    int count = lowest < taps && lowest < stride ? (taps - lowest - 1) / apart + 1 : 0;
    int spread = apart * dilation / stride;
    int nearest = Math.floorDiv(phase + pad - lowest * dilation, stride);
    return new WindowAxis(
        outputs,
        (source - phase - 1) / stride + 1,
        count,
        1,
        spread,
        (count - 1) * spread - nearest,
        source,
        phase,
        stride,
        lowest + (count - 1) * apart,
        -apart);
  }

  /**
   * Returns the axis that cuts this one, of stride 1, into tiles of {@code side} outputs: its
   * outputs are tiles, its taps the positions a tile reads.
   */
  WindowAxis tiles(int side) {
    int tiles = (outputs + side - 1) / side;
    return new WindowAxis(source, tiles, taps + side - 1, side, dilation, pad, 0, 0, 0, 0, 0);
  }

  /** Returns the axis that cuts the outputs of this one into the same tiles. */
  WindowAxis outputTiles(int side) {
    return new WindowAxis(outputs, (outputs + side - 1) / side, side, side, 1, 0, 0, 0, 0, 0, 0);
  }

  /**
   * Returns how far two outputs are apart in a copy of the source that leaves out what no tap
   * reads.
   */
  int copyStride() {
    return taps == 1 ? 1 : stride;
  }

  /** Returns the source positions between two neighbours of such a copy. */
  int copySpacing() {
    return taps == 1 ? stride : 1;
  }

  /** Returns the length of such a copy for so many outputs. */
  int extent(int count) {
    return (count - 1) * copyStride() + (taps - 1) * dilation + 1;
  }

  /** Returns the source position of element {@code i} of the copy that starts at an output. */
  int sourceOf(int output, int i) {
    return output * stride - pad + i * copySpacing();
  }

  /** Returns the target position of an output. */
  int place(int output) {
    return first + output * step;
  }
}
