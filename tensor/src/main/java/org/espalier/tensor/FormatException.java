package org.espalier.tensor;

/** Reports a damaged or unsupported file; the message names file, place, got and expected. */
public final class FormatException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a message that names file, place, got and expected. */
  public FormatException(String message) {
    super(message);
  }

  /** Creates the exception with a message and the failure below it. */
  public FormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
