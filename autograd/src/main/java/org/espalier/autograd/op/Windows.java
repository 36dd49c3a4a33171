package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Op;
import org.espalier.tensor.Shape;

/** Binds the signature of ops that move a window over positions and keep the channels apart. */
final class Windows {
  private static final AxisSpec ONE = AxisSpec.of("x: n x+j c -> n x c");
  private static final AxisSpec TWO = AxisSpec.of("x: n y+i x+j c -> n y x c");

  private Windows() {}

  static Axes axes(Op op, int dimensions, Shape... inputs) {
    return (dimensions == 1 ? ONE : TWO).bind(op, inputs);
  }
}
