package org.espalier.sparse.decomposition;

import java.util.stream.IntStream;

/**
 * Puts the inputs and outputs of a weight into as many equal groups, and counts what of the
 * weight's energy stays inside groups.
 */
final class ChannelPartition {
  /** Gains below this share of the energy are rounding; without it swaps might go on for ever. */
  private static final double LEAST_GAIN = 1e-12;

  private final Matrix energy;
  private final int groups;
  private final int[] outputs;
  private final int[] inputs;

  /**
   * Creates the partition into consecutive channels.
   *
   * @param energy {@code [out, in]}, the sum of squares of each pair's kernel
   */
  ChannelPartition(Matrix energy, int groups) {
    this.energy = energy;
    this.groups = groups;
    this.outputs = blocks(energy.rows());
    this.inputs = blocks(energy.columns());
  }

  private int[] blocks(int channels) {
    return IntStream.range(0, channels).map(k -> k / (channels / groups)).toArray();
  }

  /** Puts output o into group {@code o mod groups}. */
  void interleaveOutputs() {
    for (int o = 0; o < outputs.length; o++) {
      outputs[o] = o % groups;
    }
  }

  /**
   * Swaps channels between groups, inputs and outputs in turn, as long as that keeps more energy: a
   * local optimum that is never worse than where it starts.
   */
  void improve() {
    boolean moved = true;
    while (moved) {
      moved = swap(inputs, gains(energy.transposed(), outputs));
      moved |= swap(outputs, gains(energy, inputs));
    }
  }

  /** Returns what each channel would keep in each group of the other side. */
  private Matrix gains(Matrix byChannel, int... others) {
    Matrix gains = Matrix.zeros(byChannel.rows(), groups);
    for (int k = 0; k < byChannel.rows(); k++) {
      for (int other = 0; other < others.length; other++) {
        gains.values()[k * groups + others[other]] += byChannel.get(k, other);
      }
    }
    return gains;
  }

  private boolean swap(int[] groupOf, Matrix gains) {
    double least =
        LEAST_GAIN
            * IntStream.range(0, gains.values().length).mapToDouble(i -> gains.values()[i]).sum();
    boolean any = false;
    boolean moved = true;
    while (moved) {
      moved = false;
      for (int a = 0; a < groupOf.length; a++) {
        for (int b = a + 1; b < groupOf.length; b++) {
          double now = gains.get(a, groupOf[a]) + gains.get(b, groupOf[b]);
          double then = gains.get(a, groupOf[b]) + gains.get(b, groupOf[a]);
          if (then - now > least) {
            int group = groupOf[a];
            groupOf[a] = groupOf[b];
            groupOf[b] = group;
            moved = true;
          }
        }
      }
      any |= moved;
    }
    return any;
  }

  boolean isInside(int output, int input) {
    return outputs[output] == inputs[input];
  }

  /** Returns the inputs by group, in their order inside each. */
  int[] inputOrder() {
    return order(inputs);
  }

  /** Returns the outputs by group, in their order inside each. */
  int[] outputOrder() {
    return order(outputs);
  }

  private int[] order(int... groupOf) {
    return IntStream.range(0, groups)
        .flatMap(g -> IntStream.range(0, groupOf.length).filter(k -> groupOf[k] == g))
        .toArray();
  }
}
