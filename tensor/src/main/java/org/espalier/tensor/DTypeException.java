package org.espalier.tensor;

/** Reports an element type that an operation cannot use; the message names got and expected. */
public final class DTypeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a message that names operation, got and expected. */
  public DTypeException(String message) {
    super(message);
  }
}
