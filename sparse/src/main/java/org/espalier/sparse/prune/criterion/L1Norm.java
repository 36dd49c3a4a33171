package org.espalier.sparse.prune.criterion;

import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.MemberReduction;
import org.espalier.sparse.prune.Normaliser;

/**
 * Scores a channel by the sum of {@code |w|} over what goes with it (Li et al., "Pruning Filters
 * for Efficient ConvNets", ICLR 2017).
 *
 * @param reduction how the members' votes are joined
 * @param normaliser what makes groups comparable
 * @param biases whether biases vote too
 */
public record L1Norm(MemberReduction reduction, Normaliser normaliser, boolean biases)
    implements Criterion {
  /** Returns the criterion that reads only the filters of the group's root. */
  public static L1Norm ofFilters() {
    return new L1Norm(MemberReduction.FIRST, Normaliser.NONE, false);
  }

  /** Returns the criterion that averages all members and divides by the group's mean. */
  public static L1Norm ofGroups() {
    return new L1Norm(MemberReduction.MEAN, Normaliser.MEAN, false);
  }

  @Override
  public double[] score(ChannelGroup group) {
    return normaliser.apply(reduction.reduce(MemberNorms.of(group, Math::abs, biases)));
  }
}
