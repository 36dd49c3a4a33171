package org.espalier.tensor;

/**
 * Reports a use at the wrong time: a tensor after its pass was closed, a walk over a changed
 * parameter.
 */
public final class StateException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a message that says what happened and the way out. */
  public StateException(String message) {
    super(message);
  }
}
