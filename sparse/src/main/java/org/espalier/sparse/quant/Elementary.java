package org.espalier.sparse.quant;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Is what ops share that map one tensor to another of its shape and let the gradient through. */
interface Elementary extends Op {
  /** Any axes, kept as they are. */
  AxisSpec AXES = AxisSpec.of("x: ... -> ...");

  /** Computes y from x. */
  void forward(Tensor x, Tensor y);

  /** Computes the gradient of x from x and that of y. */
  void gradient(Tensor x, Tensor dy, Tensor dx);

  @Override
  default Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  default void forward(Tensor[] in, Tensor y, Saved saved) {
    forward(in[0], y);
  }

  @Override
  default Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    gradient(call.in(0), dy, dx);
    return new Tensor[] {dx};
  }

  @Override
  default Role role() {
    return Role.PASS;
  }
}
