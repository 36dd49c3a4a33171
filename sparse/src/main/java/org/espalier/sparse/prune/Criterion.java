package org.espalier.sparse.prune;

/**
 * Scores the channels of a group: the lower, the sooner they go.
 *
 * <p>A criterion that reads weights needs {@link #score} only. One that needs evidence (maps of
 * training images, a walk back from the outputs) collects it in {@link #on}, on the model as it is
 * then: a planner calls it once before it scores, so that each step of an iterative schedule sees
 * the model that the step before left.
 */
@FunctionalInterface
public interface Criterion {
  /**
   * Returns one score a channel, aligned to the group's numbering. A channel of positive infinity
   * stays, whatever the amount; NaN is an error where scores are ranked. The group is not modified.
   */
  double[] score(ChannelGroup group);

  /**
   * Returns the criterion with its evidence taken from the graph's model as it is now; the model is
   * not modified. A criterion without evidence returns itself, which is the default.
   */
  default Criterion on(ChannelGraph graph) {
    return this;
  }

  /**
   * Tells whether the criterion has anything to say about a group; a planner leaves other groups
   * whole.
   */
  default boolean covers(ChannelGroup group) {
    return true;
  }
}
