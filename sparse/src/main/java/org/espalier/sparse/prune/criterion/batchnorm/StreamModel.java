package org.espalier.sparse.prune.criterion.batchnorm;

/** Says how several norms that are summed into one residual stream are scored. */
public enum StreamModel {
  /** Each by itself, the default. */
  PER_MEMBER,
  /**
   * As a sum of independent normal variables: behind the k-th member the stream is {@code N(Σ beta,
   * Σ gamma²)} over the first k; these scores are reduced instead.
   */
  GAUSSIAN_SUM
}
