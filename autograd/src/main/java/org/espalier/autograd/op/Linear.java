package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;

/** Affine map {@code y = x·Wᵀ + b} over the last axis (layers reference, section 2). */
public record Linear() implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: ... i, weight: o i, bias?: o -> ... o");

  @Override
  public String name() {
    return "linear";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    int o = in[1].shape().size(0);
    int i = in[1].shape().size(1);
    KernelLookup.of(y).gemm(false, true, y.count() / o, o, i, in[0], in[1], in[2], false, y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    int o = call.input(1).shape().size(0);
    int i = call.input(1).shape().size(1);
    int rows = dy.count() / o;
    var kernels = KernelLookup.of(dy);
    Tensor dx = call.needs(0) ? call.like(0) : null;
    Tensor dw = call.needs(1) ? call.like(1) : null;
    Tensor db = call.needs(2) ? call.like(2) : null;
    if (dx != null) {
      kernels.gemm(false, false, rows, i, o, dy, call.in(1), null, false, dx);
    }
    if (dw != null) {
      kernels.gemm(true, false, o, i, rows, dy, call.in(0), null, false, dw);
    }
    if (db != null) {
      kernels.reduce(Reduction.SUM, dy, Span.channels(dy.shape()), db);
    }
    return new Tensor[] {dx, dw, db};
  }

  @Override
  public Role role() {
    return Role.LINEAR;
  }
}
