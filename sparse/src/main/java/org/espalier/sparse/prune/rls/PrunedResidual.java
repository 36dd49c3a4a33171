package org.espalier.sparse.prune.rls;

/** Says how channels of residual streams, which several layers make and read, are pruned. */
public enum PrunedResidual {
  /** Together: the scores of all readers add up, and a channel goes everywhere. */
  GROUP,
  /**
   * Reader by reader: the stream keeps its width, and a gather in front of each reader hands it the
   * channels it still reads. Saves in the readers only; a stream behind a flatten loses single
   * columns.
   */
  GATHER
}
