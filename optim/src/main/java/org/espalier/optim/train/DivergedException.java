package org.espalier.optim.train;

/** Reports that training produced a NaN or an infinity, and where it came from. */
public final class DivergedException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a message that says where and the way out. */
  public DivergedException(String message) {
    super(message);
  }
}
