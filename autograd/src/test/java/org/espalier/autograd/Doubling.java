package org.espalier.autograd;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Computes 2x and keeps nothing; the smallest op that tests can watch. */
record Doubling() implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: ... -> ...");

  @Override
  public String name() {
    return "doubling";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    saved.tensor(y.dtype(), y.shape()).fill(2);
    for (int i = 0; i < y.count(); i++) {
      y.set(i, 2 * in[0].get(i));
    }
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    for (int i = 0; i < dx.count(); i++) {
      dx.set(i, call.saved(0).get(i) * dy.get(i));
    }
    return new Tensor[] {dx};
  }

  @Override
  public Keep keep() {
    return Keep.NONE;
  }
}
