package org.espalier.autograd.op;

import java.util.Map;
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

/**
 * Repeats a tensor over new axes, {@code x: n c -> n h w c}: the explicit broadcast. The new
 * letters must stand side by side and the others keep their order; {@link Ops#repeat} arranges the
 * rest.
 *
 * @param spec the signature, of one input
 * @param sizes sizes of the new letters
 */
public record Repeat(AxisSpec spec, Map<String, Integer> sizes) implements Op {
  /** Creates the op. */
  public Repeat {
    sizes = Map.copyOf(sizes);
    Runs.check("repeat", spec, spec.output(), spec.inputs().get(0).terms());
  }

  @Override
  public String name() {
    return "repeat";
  }

  @Override
  public int size(String letter) {
    return sizes.getOrDefault(letter, -1);
  }

  @Override
  public Axes axes(Shape... inputs) {
    return spec.bind(this, inputs);
  }

  private Span span(Shape y) {
    return Runs.span(spec.output(), spec.inputs().get(0).terms(), y);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Broadcast.repeat(in[0], span(y.shape()), y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    KernelLookup.of(dy).reduce(Reduction.SUM, dy, span(dy.shape()), dx);
    return new Tensor[] {dx};
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
