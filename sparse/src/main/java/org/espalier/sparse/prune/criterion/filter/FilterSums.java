package org.espalier.sparse.prune.criterion.filter;

import java.util.List;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.Side;
import org.espalier.tensor.StateException;

/**
 * Scores a filter by its absolute weight sum {@code Σ |w|}; where a channel is made by several
 * layers that a residual sum binds together, a policy says whose filters count (Li et al., "Pruning
 * Filters for Efficient ConvNets", ICLR 2017, section 3.3). Of a depthwise convolution and the
 * layer that feeds it the latter counts.
 */
public final class FilterSums implements Criterion {
  private final StreamPolicy streams;
  private final Blocks blocks;

  private FilterSums(StreamPolicy streams, Blocks blocks) {
    this.streams = streams;
    this.blocks = blocks;
  }

  /** Returns the criterion. */
  public static FilterSums of(StreamPolicy streams) {
    return new FilterSums(streams, null);
  }

  /** Notes where the model has shortcuts. */
  @Override
  public FilterSums on(ChannelGraph graph) {
    return new FilterSums(streams, new Blocks(graph.model()));
  }

  @Override
  public double[] score(ChannelGroup group) {
    List<Member> makers =
        group.members().stream()
            .filter(member -> member.producer() && member.side() == Side.OUT)
            .toList();
    List<Member> voters = group.isStream() ? voters(group, makers) : makers.subList(0, 1);
    double[] sums = new double[group.size()];
    for (Member voter : voters) {
      List<double[]> filters = voter.values();
      for (int channel = 0; channel < sums.length; channel++) {
        int rows = voter.units().get(channel).length;
        for (double w : filters.get(channel)) {
          sums[channel] += Math.abs(w) / rows;
        }
      }
    }
    return sums;
  }

  private List<Member> voters(ChannelGroup group, List<Member> makers) {
    if (streams == StreamPolicy.SUM) {
      return makers;
    }
    if (streams == StreamPolicy.PROJECTION && blocks == null) {
      throw new StateException("filter sums: ask on(graph) first, to know the projections");
    }
    List<Member> projections =
        streams == StreamPolicy.INNER_ONLY
            ? List.of()
            : makers.stream().filter(maker -> blocks.isOnShortcut(maker.path())).toList();
    if (projections.isEmpty()) {
      throw new IllegalArgumentException(
          "'%s' is a residual stream%s; the method prunes inner convolutions only: leave streams out by Pruner.innerOnly(), or let all their layers vote by StreamPolicy.SUM:\n%s"
              .formatted(
                  group.name(),
                  streams == StreamPolicy.PROJECTION ? " without a projection" : "",
                  group));
    }
    return projections.subList(0, 1);
  }

  @Override
  public String toString() {
    return "absolute filter sums, streams " + streams;
  }
}
