package org.espalier.sparse.prune.criterion;

import java.util.Arrays;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;

/**
 * Turns a criterion round: what it thinks most of goes first; of equal scores still the lower
 * channel. A control: pruning the largest filters ruins a network that survives losing the smallest
 * (Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017, section 4.4).
 *
 * @param criterion the criterion
 */
public record Reversed(Criterion criterion) implements Criterion {
  @Override
  public double[] score(ChannelGroup group) {
    return Arrays.stream(criterion.score(group)).map(score -> -score).toArray();
  }

  @Override
  public Criterion on(ChannelGraph graph) {
    return new Reversed(criterion.on(graph));
  }
}
