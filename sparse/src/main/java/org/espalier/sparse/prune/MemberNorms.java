package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.espalier.tensor.Tensor;

/**
 * Sums a function of the numbers that go with each channel, member by member: filter rows, the
 * columns that read them, norm weights; biases only if asked (structured-pruning reference, 2.5).
 *
 * <p>Columns of all pixels of a flattened channel add up; where a channel is several rows of the
 * root (the same offset in every group of a convolution), their mean counts.
 */
final class MemberNorms {
  private MemberNorms() {}

  /** Returns one vector a voting member, the root's first. */
  static List<double[]> of(ChannelGroup group, DoubleUnaryOperator power, boolean biases) {
    List<Member> members = group.members();
    List<double[]> votes = new ArrayList<>();
    for (Member member : members) {
      boolean bias = biases && member.side() != Side.INDEX && !member.parameter().isBuffer();
      if (member.weight() || bias) {
        votes.add(of(member, members.get(0), power));
      }
    }
    return votes;
  }

  private static double[] of(Member member, Member root, DoubleUnaryOperator power) {
    Tensor value = member.parameter().value();
    double[] norms = new double[member.units().size()];
    for (int channel = 0; channel < norms.length; channel++) {
      double[] sum = {0};
      for (int index : member.units().get(channel)) {
        Slices.visit(value, member.axis(), index, e -> sum[0] += power.applyAsDouble(value.get(e)));
      }
      norms[channel] = sum[0] / root.units().get(channel).length;
    }
    return norms;
  }
}
