package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;

/**
 * Product of each sample's channels with that sample's gates, {@code y[n,..,c] = x[n,..,c] ·
 * gate[n,c]}: the last step of squeeze-and-excite, and channel dropout with a given mask.
 */
public record Gate() implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: n ... c, gate: n c -> n ... c");

  @Override
  public String name() {
    return "gate";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  private static Span span(Shape x) {
    return Span.of(x, 1, x.rank() - 1);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    KernelLookup.of(y).binary(Binary.MUL, in[0], in[1], span(y.shape()), y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    var kernels = KernelLookup.of(dy);
    Tensor dx = call.needs(0) ? call.like(0) : null;
    Tensor gate = call.needs(1) ? call.like(1) : null;
    if (gate != null) {
      Tensor product = call.scratch(dy.dtype(), dy.shape());
      kernels.binary(Binary.MUL, dy, call.in(0), Span.equal(dy.shape()), product);
      kernels.reduce(Reduction.SUM, product, span(dy.shape()), gate);
      call.release(product);
    }
    if (dx != null) {
      kernels.binary(Binary.MUL, dy, call.in(1), span(dy.shape()), dx);
    }
    return new Tensor[] {dx, gate};
  }

  @Override
  public Role role() {
    return Role.LINEAR;
  }
}
