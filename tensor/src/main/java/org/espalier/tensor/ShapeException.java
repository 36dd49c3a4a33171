package org.espalier.tensor;

/** Reports shapes that do not fit; the message names operation, input, got and expected. */
public final class ShapeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a message that names operation, input, got and expected. */
  public ShapeException(String message) {
    super(message);
  }
}
