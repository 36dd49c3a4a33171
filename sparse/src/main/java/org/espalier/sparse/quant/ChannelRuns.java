package org.espalier.sparse.quant;

import java.util.Arrays;
import org.espalier.tensor.Shape;

/**
 * Divides a tensor into contiguous runs of elements that share a channel: the index of one axis, or
 * one channel for all.
 *
 * @param channels the number of channels
 * @param runs the number of runs; their channels go round
 * @param length the number of elements of a run
 */
record ChannelRuns(int channels, int runs, int length) {
  /** The axis that stands for one channel for the whole tensor. */
  static final int PER_TENSOR = -1;

  /** Takes the runs. */
  @FunctionalInterface
  interface Visitor {
    void visit(int channel, int from, int end);
  }

  /** Returns the runs of a shape; the axis is {@link #PER_TENSOR} or counts from 0. */
  static ChannelRuns of(Shape shape, int axis) {
    if (axis == PER_TENSOR) {
      return new ChannelRuns(1, 1, shape.count());
    }
    if (axis < 0 || axis >= shape.rank()) {
      throw new IllegalArgumentException(
          "quantization: axis %d does not exist in %s; per-channel axes count from 0"
              .formatted(axis, shape));
    }
    int channels = shape.size(axis);
    int outer = Arrays.stream(shape.sizes(), 0, axis).reduce(1, (a, b) -> a * b);
    int runs = outer * channels;
    return new ChannelRuns(channels, runs, runs == 0 ? 0 : shape.count() / runs);
  }

  /** Returns the channel of an element. */
  int channel(int element) {
    return element / length % channels;
  }

  /** Visits all runs in order. */
  void forEach(Visitor visitor) {
    for (int run = 0; run < runs; run++) {
      visitor.visit(run % channels, run * length, (run + 1) * length);
    }
  }

  /** Returns the number of elements of each channel. */
  int perChannel() {
    return channels == 0 ? 0 : runs / channels * length;
  }
}
