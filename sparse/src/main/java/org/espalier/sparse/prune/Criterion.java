package org.espalier.sparse.prune;

/**
 * Scores the channels of a group: the lower, the sooner they go. A criterion that needs evidence (a
 * recorded pass, optimizer slots, data) is made with it.
 */
@FunctionalInterface
public interface Criterion {
  /**
   * Returns one score a channel, aligned to the group's numbering. NaN is an error where scores are
   * ranked. The group is not modified.
   */
  double[] score(ChannelGroup group);
}
