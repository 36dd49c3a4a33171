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
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Unary;

/**
 * Elementwise function {@code y = f(x; a, b)} (layers reference, section 6).
 *
 * @param unary the function
 * @param a its first number, 0 where it has none
 * @param b its second number, 0 where it has none
 */
public record Pointwise(Unary unary, double a, double b) implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: ... -> ...");

  /** Creates the op; the numbers must not be NaN. */
  public Pointwise {
    if (Double.isNaN(a) || Double.isNaN(b)) {
      throw new IllegalArgumentException(
          unary + ": its numbers must not be NaN, got " + a + ", " + b);
    }
  }

  @Override
  public String name() {
    return unary.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    KernelLookup.of(y).unary(unary, a, b, in[0], y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    Tensor x = keep().inputs() ? call.in(0) : null;
    Tensor y = keep().output() ? call.out() : null;
    KernelLookup.of(dy).unaryGrad(unary, a, b, x, y, dy, dx);
    return new Tensor[] {dx};
  }

  @Override
  public Keep keep() {
    return unary.derivativeFromOutput() ? Keep.OUTPUT : Keep.INPUTS;
  }

  @Override
  public Role role() {
    return switch (unary) {
      case NEG, ABS, SQUARE, SQRT, EXP, LOG, AFFINE, POW, SMOOTH_L1 -> Role.OPAQUE;
      default -> Role.PASS;
    };
  }
}
