package org.espalier.sparse.prune.criterion.batchnorm;

/** Says what counts as the activation of a norm whose output is added to a residual stream. */
public enum BehindAdd {
  /** The activation behind the sum, the default. */
  ACTIVATION,
  /** None: {@code E|z|}. */
  IDENTITY
}
