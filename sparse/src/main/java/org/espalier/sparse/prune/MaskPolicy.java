package org.espalier.sparse.prune;

/**
 * Says what becomes of the constants that zeroed filters still emit: behind a batch norm {@code
 * beta - gamma·mean/√(variance + eps)}, then the activation of it (structured-pruning reference,
 * section 3; soft filter pruning, section 2.7).
 */
public enum MaskPolicy {
  /**
   * Zeroes the filter's bias, gamma and beta too before the cut, so that masked and compact model
   * agree. What an activation still makes of zero, such as a sigmoid's half, is folded.
   */
  MASK_WITH_BN,
  /**
   * Cuts channels inside blocks with their constants, which changes the function; constants that
   * reach a stream of full width stay as one number a channel.
   */
  DROP_CONSTANT,
  /**
   * Adds the constants to whoever reads the channel: its bias, or the running mean of the batch
   * norm behind it. Exact without zero padding; where padding makes it inexact at the border, the
   * report says so.
   */
  FOLD_CONSTANT
}
