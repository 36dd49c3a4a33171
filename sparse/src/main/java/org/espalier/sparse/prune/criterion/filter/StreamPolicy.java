package org.espalier.sparse.prune.criterion.filter;

/** Says what becomes of residual streams, whose channels several layers make together. */
public enum StreamPolicy {
  /** They keep their width; only channels inside blocks go: the default of the paper. */
  INNER_ONLY,
  /**
   * The filters of the stream's 1x1 projection decide for all its members, since "the identity
   * feature maps are more important than the added residual maps"; a stream without one is refused.
   */
  PROJECTION,
  /** The norms of all layers that make the stream are added up. */
  SUM
}
