package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/** Puts what losses are given on the pass, and refuses bad options. */
final class Targets {
  private Targets() {}

  static Var constant(Pass pass, Tensor tensor) {
    return tensor == null ? null : pass.input(tensor);
  }

  static void probability(String what, double p) {
    if (!(p >= 0 && p <= 1)) {
      throw new IllegalArgumentException(what + " must be inside [0, 1], got " + p);
    }
  }

  static void positive(String what, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(what + " must be positive and finite, got " + value);
    }
  }
}
