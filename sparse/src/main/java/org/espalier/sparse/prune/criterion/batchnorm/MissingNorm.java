package org.espalier.sparse.prune.criterion.batchnorm;

/** Says what becomes of a group that no batch norm with gamma and beta belongs to. */
public enum MissingNorm {
  /** It gets infinite scores, so that none of its channels goes, and a warning; the default. */
  SKIP,
  /** It is refused. */
  ERROR,
  /** It is scored by the L1 norm of its root's filters; the normaliser applies. */
  USE_L1_NORM
}
