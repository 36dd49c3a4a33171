package org.espalier.tensor.internal;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Lays one axis of a convolution's input out so that a tap reads, for neighbouring outputs,
 * neighbours: with stride s the input falls into s phases, and tap t of output o reads place {@code
 * o + shift(t)} of phase {@code phase(t)}.
 *
 * <p>Zeros fill a line up to its pitch; what lies before a line are the zeros behind the one
 * before.
 *
 * @param source input elements
 * @param outputs output elements
 * @param taps taps of the kernel
 * @param stride input elements between two outputs
 * @param dilation input elements between two taps
 * @param pad zeros before the input
 */
record SparseAxis(int source, int outputs, int taps, int stride, int dilation, int pad) {
  /** Returns the phase that a tap reads: its inputs are {@code phase + stride · place}. */
  int phase(int tap) {
    return Math.floorMod(tap * dilation - pad, stride);
  }

  /** Returns the place in its phase that a tap reads for output 0. */
  int shift(int tap) {
    return Math.floorDiv(tap * dilation - pad, stride);
  }

  /** Returns the phases that any tap reads, ascending. */
  int[] phases() {
    return IntStream.range(0, taps).map(this::phase).sorted().distinct().toArray();
  }

  /** Returns the elements of a phase. */
  int length(int phase) {
    return Math.max(0, (source - phase + stride - 1) / stride);
  }

  /** Returns the farthest that any tap reads before the first place. */
  int before() {
    return Math.max(0, -IntStream.range(0, taps).map(this::shift).min().orElse(0));
  }

  /** Returns the farthest that any tap reads behind the place of its output. */
  int behind() {
    return Math.max(0, IntStream.range(0, taps).map(this::shift).max().orElse(0));
  }

  /** Returns the places from one line to the next. */
  int pitch() {
    int longest = Arrays.stream(phases()).map(this::length).max().orElse(0);
    return Math.max(longest + before(), outputs + behind());
  }
}
