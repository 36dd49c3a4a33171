package org.espalier.tensor.kernel;

/** Names the elementwise functions of two numbers. */
public enum Binary {
  /** {@code x + y}. */
  ADD,
  /** {@code max(x + y, 0)}. */
  ADD_RELU,
  /** {@code x - y}. */
  SUB,
  /** {@code x · y}. */
  MUL,
  /** {@code x / y}. */
  DIV,
  /** The larger number; NaN wins. */
  MAX,
  /** The smaller number; NaN wins. */
  MIN;

  /** Returns the function's value, the definition every kernel set agrees with. */
  public double apply(double x, double y) {
    return switch (this) {
      case ADD -> x + y;
      case ADD_RELU -> Math.max(x + y, 0);
      case SUB -> x - y;
      case MUL -> x * y;
      case DIV -> x / y;
      case MAX -> Math.max(x, y);
      case MIN -> Math.min(x, y);
    };
  }
}
