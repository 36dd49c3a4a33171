package org.espalier.autograd.op;

import java.util.Locale;
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
import org.espalier.tensor.kernel.Kernels;
import org.espalier.tensor.kernel.Span;
import org.espalier.tensor.kernel.Unary;

/**
 * Elementwise function of two tensors of equal shape; nothing is broadcast.
 *
 * @param binary the function
 */
public record Elementwise(Binary binary) implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: ..., y: ... -> ...");

  @Override
  public String name() {
    return binary.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    KernelLookup.of(y).binary(binary, in[0], in[1], Span.equal(y.shape()), y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Kernels kernels = KernelLookup.of(dy);
    Span span = Span.equal(dy.shape());
    return switch (binary) {
      case ADD -> new Tensor[] {call.needs(0) ? dy : null, call.needs(1) ? dy : null};
      case ADD_RELU -> {
        Tensor gated = Rectified.gate(call, Clamp.RELU, dy);
        yield new Tensor[] {call.needs(0) ? gated : null, call.needs(1) ? gated : null};
      }
      case SUB -> new Tensor[] {call.needs(0) ? dy : null, call.needs(1) ? minus(call, dy) : null};
      case MUL -> {
        Tensor[] parts = outputs(call);
        if (parts[0] != null) {
          kernels.binary(Binary.MUL, dy, call.in(1), span, parts[0]);
        }
        if (parts[1] != null) {
          kernels.binary(Binary.MUL, dy, call.in(0), span, parts[1]);
        }
        yield parts;
      }
      case DIV -> divide(call, dy, kernels, span);
      case MAX, MIN -> select(call, dy);
    };
  }

  private static Tensor[] outputs(Call call) {
    return new Tensor[] {call.needs(0) ? call.like(0) : null, call.needs(1) ? call.like(1) : null};
  }

  private static Tensor minus(Call call, Tensor dy) {
    Tensor negative = call.like(1);
    KernelLookup.of(dy).unary(Unary.NEG, 0, 0, dy, negative);
    return negative;
  }

  /** d/dx = 1/y, d/dy = -x/y². */
  private static Tensor[] divide(Call call, Tensor dy, Kernels kernels, Span span) {
    Tensor dx = call.like(0);
    kernels.binary(Binary.DIV, dy, call.in(1), span, dx);
    Tensor divisor = null;
    if (call.needs(1)) {
      divisor = call.like(1);
      kernels.binary(Binary.MUL, dx, call.in(0), span, divisor);
      kernels.binary(Binary.DIV, divisor, call.in(1), span, divisor);
      kernels.unary(Unary.NEG, 0, 0, divisor, divisor);
    }
    if (!call.needs(0)) {
      call.release(dx);
      dx = null;
    }
    return new Tensor[] {dx, divisor};
  }

  /** The gradient goes to the chosen input, half to each where they are equal. */
  private Tensor[] select(Call call, Tensor dy) {
    Tensor[] parts = outputs(call);
    for (int i = 0; i < dy.count(); i++) {
      double first = call.in(0).get(i);
      double second = call.in(1).get(i);
      double share = first == second ? 0.5 : binary.apply(first, second) == first ? 1 : 0;
      if (parts[0] != null) {
        parts[0].set(i, share * dy.get(i));
      }
      if (parts[1] != null) {
        parts[1].set(i, (1 - share) * dy.get(i));
      }
    }
    return parts;
  }

  @Override
  public Keep keep() {
    return switch (binary) {
      case ADD, SUB -> Keep.NONE;
      case ADD_RELU -> Keep.OUTPUT;
      case MUL, DIV, MAX, MIN -> Keep.INPUTS;
    };
  }

  @Override
  public Role role() {
    return switch (binary) {
      case ADD -> Role.SPLIT;
      case MUL -> Role.LINEAR;
      case MAX, MIN -> Role.ROUTE;
      case SUB, DIV, ADD_RELU -> Role.OPAQUE;
    };
  }
}
