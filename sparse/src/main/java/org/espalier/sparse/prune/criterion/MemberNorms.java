package org.espalier.sparse.prune.criterion;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.Side;

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
    List<double[]> values = member.values();
    double[] norms = new double[values.size()];
    for (int channel = 0; channel < norms.length; channel++) {
      double sum = 0;
      for (double number : values.get(channel)) {
        sum += power.applyAsDouble(number);
      }
      norms[channel] = sum / root.units().get(channel).length;
    }
    return norms;
  }
}
