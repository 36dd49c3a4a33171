package org.espalier.sparse.prune.criterion.nisp;

/** Says what importance does at a normalisation. */
public enum BatchNormRule {
  /** Nothing, the default. */
  IDENTITY,
  /**
   * It is multiplied by {@code |gamma|/√(variance + eps)} channel by channel, which is what folding
   * the norm into the convolution before it gives (reconstructed).
   */
  AFFINE
}
