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
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;

/**
 * Affine map a channel, {@code y[.., c] = x[.., c] · scale[c] + shift[c]}: frozen batch norm. An
 * absent scale is 1, an absent shift 0.
 *
 * @param rectified whether the rectifier follows in the same call
 */
public record Scale(boolean rectified) implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: ... c, scale?: c, shift?: c -> ... c");

  /** Creates the op without a rectifier. */
  public Scale() {
    this(false);
  }

  @Override
  public String name() {
    return rectified ? "scale_relu" : "scale";
  }

  @Override
  public Keep keep() {
    return rectified ? Keep.BOTH : Keep.INPUTS;
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    KernelLookup.of(y).scaleShift(in[0], in[1], in[2], Span.channels(y.shape()), rectified, y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    if (!rectified) {
      return gradients(call, dy);
    }
    Tensor gated = Rectified.gate(call, Clamp.RELU, dy);
    Tensor[] gradients = gradients(call, gated);
    if (gradients[0] != gated) {
      call.release(gated);
    }
    return gradients;
  }

  private static Tensor[] gradients(Call call, Tensor dy) {
    var kernels = KernelLookup.of(dy);
    Span span = Span.channels(dy.shape());
    boolean scales = call.input(1) != null;
    Tensor dx = !call.needs(0) ? null : scales ? call.like(0) : dy;
    Tensor scale = call.needs(1) ? call.like(1) : null;
    Tensor shift = call.needs(2) ? call.like(2) : null;
    if (scale != null) {
      Tensor product = call.scratch(dy.dtype(), dy.shape());
      kernels.binary(Binary.MUL, dy, call.in(0), Span.equal(dy.shape()), product);
      kernels.reduce(Reduction.SUM, product, span, scale);
      call.release(product);
    }
    if (dx != null && scales) {
      kernels.scaleShift(dy, call.in(1), null, span, false, dx);
    }
    if (shift != null) {
      kernels.reduce(Reduction.SUM, dy, span, shift);
    }
    return new Tensor[] {dx, scale, shift};
  }

  @Override
  public Role role() {
    return rectified ? Role.OPAQUE : Role.LINEAR;
  }
}
