package org.espalier.autograd.op;

import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.tensor.kernel.Unary;

/**
 * Offers every operation as a plain call: it runs at once and is recorded where its inputs' pass
 * records.
 */
public final class Ops {
  private Ops() {}

  /**
   * Returns {@code x·Wᵀ + b}: x {@code [..., in]}, weight {@code [out, in]}, bias {@code [out]} or
   * null.
   */
  public static Var linear(Var x, Var weight, Var bias) {
    return Tape.run(new Linear(), x, weight, bias);
  }

  /** Returns {@code f(x; a, b)} elementwise. */
  public static Var pointwise(Unary unary, double a, double b, Var x) {
    return Tape.run(new Pointwise(unary, a, b), x);
  }

  /** Returns {@code max(x, 0)}. */
  public static Var relu(Var x) {
    return pointwise(Unary.RELU, 0, 0, x);
  }
}
