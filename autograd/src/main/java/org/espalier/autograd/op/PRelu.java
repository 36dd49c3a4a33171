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
import org.espalier.tensor.kernel.Kernels;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;
import org.espalier.tensor.kernel.Unary;

/**
 * Leaky ReLU with a learned slope, {@code x > 0: x, else w·x}, one slope a channel or one for all
 * (He et al. 2015; layers reference, section 6).
 */
public record PRelu() implements Op {
  private static final AxisSpec CHANNELS = AxisSpec.of("x: ... c, weight: c -> ... c");
  private static final AxisSpec SHARED = AxisSpec.of("x: ..., weight: one -> ...");

  @Override
  public String name() {
    return "prelu";
  }

  @Override
  public Axes axes(Shape... inputs) {
    boolean shared = inputs[1].equals(Shape.of(1));
    return (shared ? SHARED : CHANNELS).bind(this, inputs);
  }

  private static Span span(Shape x, Shape weight) {
    return weight.count() == 1 ? new Span(1, x.count(), 1) : Span.channels(x);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Kernels kernels = KernelLookup.of(y);
    Tensor negative = saved.scratch(y.dtype(), y.shape());
    kernels.unary(Unary.CLAMP, Double.NEGATIVE_INFINITY, 0, in[0], negative);
    kernels.scaleShift(negative, in[1], null, span(y.shape(), in[1].shape()), false, negative);
    kernels.unary(Unary.RELU, 0, 0, in[0], y);
    kernels.addScaled(1, negative, y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Kernels kernels = KernelLookup.of(dy);
    Span span = span(dy.shape(), call.input(1).shape());
    Tensor dx = call.like(0);
    Tensor rest = call.scratch(dy.dtype(), dy.shape());
    kernels.unary(Unary.RELU, 0, 0, call.in(0), rest);
    kernels.unaryGrad(Unary.RELU, 0, 0, null, rest, dy, dx);
    // What relu lets through is subtracted from dy: the rest belongs to x <= 0.
    kernels.binary(Binary.SUB, dy, dx, Span.equal(dy.shape()), rest);
    Tensor weight = null;
    if (call.needs(1)) {
      weight = call.like(1);
      Tensor product = call.scratch(dy.dtype(), dy.shape());
      kernels.binary(Binary.MUL, rest, call.in(0), Span.equal(dy.shape()), product);
      kernels.reduce(Reduction.SUM, product, span, weight);
      call.release(product);
    }
    if (call.needs(0)) {
      kernels.scaleShift(rest, call.in(1), null, span, false, rest);
      kernels.addScaled(1, rest, dx);
    } else {
      call.release(dx);
    }
    call.release(rest);
    return new Tensor[] {call.needs(0) ? dx : null, weight};
  }

  @Override
  public Role role() {
    return Role.PASS;
  }
}
