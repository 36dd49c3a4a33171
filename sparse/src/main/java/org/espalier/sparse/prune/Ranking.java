package org.espalier.sparse.prune;

/** Says which channels are compared with one another. */
public enum Ranking {
  /** Those of one group; every group is judged on the model as it is (independent selection). */
  LOCAL,
  /**
   * Those of one group, in the order of the pass; what the groups before it lose does not count
   * when a group is judged, as if it were cut already (Li et al., "Pruning Filters for Efficient
   * ConvNets", ICLR 2017, section 3.2). Criteria that read {@link Member#values} see it so.
   */
  GREEDY,
  /** Those of all groups; scores must be comparable, see {@link Normaliser}. */
  GLOBAL
}
