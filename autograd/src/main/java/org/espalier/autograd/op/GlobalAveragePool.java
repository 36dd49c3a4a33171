package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;

/** Average over all positions, {@code y[n,c] = mean over h, w of x[n,h,w,c]}; any rank above 2. */
public record GlobalAveragePool() implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: n ... c -> n c");

  @Override
  public String name() {
    return "global_average_pool";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Shape x = in[0].shape();
    KernelLookup.of(y).reduce(Reduction.MEAN, in[0], Span.of(x, 1, x.rank() - 1), y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Shape x = call.input(0).shape();
    Span span = Span.of(x, 1, x.rank() - 1);
    return new Tensor[] {Broadcast.spread(call, dy, 1.0 / span.middle(), span)};
  }

  @Override
  public Keep keep() {
    return Keep.NONE;
  }

  @Override
  public Role role() {
    return Role.LINEAR;
  }
}
