package org.espalier.autograd;

/**
 * Names what a pass is for: whether it computes, what it records, and which behaviour layers show.
 */
public enum Mode {
  /**
   * Computes with batch statistics and drawn masks; records what gradients need; memory is reused.
   */
  TRAIN,
  /** Computes with frozen statistics; records nothing; memory is reused. */
  INFER,
  /**
   * Computes with frozen statistics and records everything; values live as long as someone holds
   * the tape.
   */
  STUDY,
  /** Computes nothing: records calls and shapes only; reading a number is an error. */
  SHAPES;

  /** Tells whether layers behave as in training. */
  public boolean isTraining() {
    return this == TRAIN;
  }

  /** Tells whether numbers are computed. */
  public boolean computes() {
    return this != SHAPES;
  }

  /** Tells whether every call is recorded, whether or not a gradient reaches it. */
  public boolean recordsAll() {
    return this == STUDY || this == SHAPES;
  }
}
