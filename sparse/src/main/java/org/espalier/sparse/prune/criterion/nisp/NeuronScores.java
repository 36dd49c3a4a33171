package org.espalier.sparse.prune.criterion.nisp;

import java.util.Map;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.tensor.StateException;

/**
 * Answers what was propagated before.
 *
 * @param origin what propagates anew for another model or step
 * @param scores one a channel, by group
 */
record NeuronScores(NeuronImportance origin, Map<String, double[]> scores) implements Criterion {
  @Override
  public Criterion on(ChannelGraph graph) {
    return origin.on(graph);
  }

  @Override
  public double[] score(ChannelGroup group) {
    double[] found = scores.get(JointSweep.key(group.root()));
    if (found == null || found.length != group.size()) {
      throw new StateException(
          "neuron importance: nothing was propagated to group '%s' as it is; call on(graph) again"
              .formatted(group.name()));
    }
    return found.clone();
  }

  @Override
  public String toString() {
    return origin.toString();
  }
}
