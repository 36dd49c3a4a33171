package org.espalier.sparse.prune.criterion;

import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Normaliser;

/**
 * Brings the scores of each group to a common scale, so that a criterion made for comparisons
 * within a layer can serve a global ranking (structured-pruning reference, 2.5).
 *
 * @param criterion the criterion
 * @param normaliser the scale; the mean of a group, say
 */
public record Normalised(Criterion criterion, Normaliser normaliser) implements Criterion {
  @Override
  public double[] score(ChannelGroup group) {
    return normaliser.apply(criterion.score(group));
  }

  @Override
  public Criterion on(ChannelGraph graph) {
    return new Normalised(criterion.on(graph), normaliser);
  }

  @Override
  public boolean covers(ChannelGroup group) {
    return criterion.covers(group);
  }
}
