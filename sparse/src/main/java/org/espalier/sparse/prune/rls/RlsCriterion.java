package org.espalier.sparse.prune.rls;

import org.espalier.nn.Parameter;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.Side;

/**
 * Scores a channel by what it is worth to all layers that read it (recursive least squares, section
 * 2.6): scores of all columns of a flattened channel, of all consumers of a stream, and of a
 * depthwise convolution on the way, add up. Who makes the channel has no vote.
 *
 * @param importance what an input of one layer is worth
 */
public record RlsCriterion(RlsImportance importance) implements Criterion {
  @Override
  public double[] score(ChannelGroup group) {
    double[] sum = new double[group.size()];
    boolean read = false;
    for (Member member : group.members()) {
      double[] scores = vote(member);
      if (scores != null) {
        read = true;
        for (int channel = 0; channel < sum.length; channel++) {
          for (int index : member.units().get(channel)) {
            sum[channel] += scores[index];
          }
        }
      }
    }
    if (!read) {
      throw new IllegalStateException(
          "rls: no layer reads the channels of '%s', so nothing says what they are worth"
              .formatted(group.name()));
    }
    return sum;
  }

  private double[] vote(Member member) {
    Parameter parameter = member.parameter();
    boolean reads = member.side() == Side.IN && member.axis() == parameter.shape().rank() - 1;
    if (reads) {
      return importance.ofInputs(parameter, member.value());
    }
    boolean depthwise = member.side() == Side.BOTH && member.producer() && member.axis() == 0;
    return depthwise ? importance.ofDepthwise(parameter, member.value()) : null;
  }
}
