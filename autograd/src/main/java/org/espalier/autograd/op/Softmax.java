package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
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
 * Shares along an axis, {@code y = e^(x - max) / Σ e^(x - max)}, or their logarithms (layers
 * reference, section 6).
 *
 * @param axis the axis along which the shares sum to 1; negative counts from the end
 * @param log whether the logarithms are wanted
 */
public record Softmax(int axis, boolean log) implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: ... -> ...");

  @Override
  public String name() {
    return log ? "log_softmax" : "softmax";
  }

  @Override
  public Axes axes(Shape... inputs) {
    Checks.axis(name(), axis, inputs[0]);
    return AXES.bind(this, inputs);
  }

  private Span span(Shape shape) {
    int at = shape.axis(axis);
    return Span.of(shape, at, at + 1);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Kernels kernels = KernelLookup.of(y);
    Span span = span(y.shape());
    Tensor row = saved.scratch(y.dtype(), Shape.of(span.companion()));
    kernels.reduce(Reduction.MAX, in[0], span, row);
    kernels.binary(Binary.SUB, in[0], row, span, y);
    Tensor powers = log ? saved.scratch(y.dtype(), y.shape()) : y;
    kernels.unary(Unary.EXP, 0, 0, y, powers);
    kernels.reduce(Reduction.SUM, powers, span, row);
    if (log) {
      kernels.unary(Unary.LOG, 0, 0, row, row);
    }
    kernels.binary(log ? Binary.SUB : Binary.DIV, y, row, span, y);
  }

  /** {@code dx = y·(dy - Σ dy·y)}; for the logarithms {@code dx = dy - e^y · Σ dy}. */
  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Kernels kernels = KernelLookup.of(dy);
    Span span = span(dy.shape());
    Span equal = Span.equal(dy.shape());
    Tensor dx = call.like(0);
    Tensor row = call.scratch(dy.dtype(), Shape.of(span.companion()));
    if (log) {
      kernels.reduce(Reduction.SUM, dy, span, row);
      kernels.unary(Unary.EXP, 0, 0, call.out(), dx);
      kernels.binary(Binary.MUL, dx, row, span, dx);
      kernels.binary(Binary.SUB, dy, dx, equal, dx);
    } else {
      kernels.binary(Binary.MUL, dy, call.out(), equal, dx);
      kernels.reduce(Reduction.SUM, dx, span, row);
      kernels.binary(Binary.SUB, dy, row, span, dx);
      kernels.binary(Binary.MUL, dx, call.out(), equal, dx);
    }
    call.release(row);
    return new Tensor[] {dx};
  }

  @Override
  public Keep keep() {
    return Keep.OUTPUT;
  }
}
