package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Call;
import org.espalier.autograd.Coupling;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Span;

/**
 * Selects channels by number, {@code y[.., k] = x[.., index[k]]}, 0 where the number is -1; numbers
 * may repeat. On another axis than the last one the same, with {@code inner} axes behind.
 *
 * @param inner number of axes behind the indexed one
 */
public record Gather(int inner) implements Op {
  /** Creates the op. */
  public Gather {
    Indexed.check("gather", inner);
  }

  @Override
  public String name() {
    return "gather";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return Indexed.gather(inner).bind(this, inputs);
  }

  @Override
  public DType dtype(DType... inputs) {
    Checks.integers(name(), "index", inputs[1]);
    return Op.super.dtype(inputs);
  }

  private Span span(Shape x) {
    int axis = x.rank() - 1 - inner;
    return Span.of(x, axis, axis + 1);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Span span = span(in[0].shape());
    Checks.indices(name(), in[1], span.middle());
    saved.tensor(DType.I32, in[1].shape()).copyFrom(in[1]);
    KernelLookup.of(y).gather(in[0], in[1], span, y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    KernelLookup.of(dy).scatterAdd(dy, call.saved(0), span(dx.shape()), dx);
    return new Tensor[] {dx, null};
  }

  @Override
  public Keep keep() {
    return Keep.NONE;
  }

  @Override
  public Role role() {
    return Role.ROUTE;
  }

  /** Ties index k of the output, and number k of the index, to the channel that number names. */
  @Override
  public void couple(Call call, Coupling coupling) {
    Indexed.coupleRest(call, inner, coupling);
    int along = call.input(0).shape().rank() - 1 - inner;
    int[] index = call.in(1).i32();
    for (int k = 0; k < call.in(1).count(); k++) {
      coupling.tie(1, 0, k, Coupling.OUTPUT, along, k);
      if (index[k] >= 0) {
        coupling.tie(0, along, index[k], Coupling.OUTPUT, along, k);
      }
    }
  }
}
