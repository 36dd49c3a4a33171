package org.espalier.sparse.quant;

import org.espalier.autograd.AxisSpec;
import org.espalier.tensor.Shape;

/** Writes the axis signatures of ops with one number for each index of an axis, or one for all. */
final class ChannelAxes {
  private ChannelAxes() {}

  /**
   * Returns the signature of an op whose output has the shape of its first input.
   *
   * @param x the shape of the first input
   * @param axis the axis that the other inputs belong to, or {@link ChannelRuns#PER_TENSOR}
   * @param others the names of the other inputs
   */
  static AxisSpec of(Shape x, int axis, String... others) {
    String channel = axis == ChannelRuns.PER_TENSOR ? " " : " c";
    StringBuilder text = new StringBuilder("x: ").append(letters(x, axis));
    for (String other : others) {
      text.append(", ").append(other).append(':').append(channel);
    }
    return AxisSpec.of(text.append(" -> ").append(letters(x, axis)).toString());
  }

  private static String letters(Shape x, int axis) {
    if (axis == ChannelRuns.PER_TENSOR) {
      return "...";
    }
    // Refuses an axis that x does not have.
    ChannelRuns.of(x, axis);
    StringBuilder letters = new StringBuilder();
    for (int i = 0; i < axis; i++) {
      letters.append('a').append(i).append(' ');
    }
    return letters.append("c ...").toString();
  }
}
