package org.espalier.autograd;

/**
 * Identifies a trainable value outside the tape, such as a parameter, that gradients are asked by.
 */
public interface Leaf {
  /** Returns the name for messages, such as {@code stem.weight}. */
  String name();

  /**
   * Returns a number that grows with every change of the value; a walk over a tape with an older
   * one is refused.
   */
  long version();
}
