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
 * Puts channels where their numbers say, {@code y = 0, y[.., index[k]] += x[.., k]}; -1 drops a
 * channel. The reverse of {@link Gather}.
 *
 * @param inner number of axes behind the indexed one
 * @param channels number of channels of the output
 */
public record Scatter(int inner, int channels) implements Op {
  /** Creates the op. */
  public Scatter {
    Indexed.check("scatter", inner);
  }

  @Override
  public String name() {
    return "scatter";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return Indexed.scatter(inner).bind(this, inputs);
  }

  @Override
  public int size(String letter) {
    return letter.equals("c") ? channels : -1;
  }

  @Override
  public DType dtype(DType... inputs) {
    Checks.integers(name(), "index", inputs[1]);
    return Op.super.dtype(inputs);
  }

  private Span span(Shape y) {
    int axis = y.rank() - 1 - inner;
    return Span.of(y, axis, axis + 1);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Checks.indices(name(), in[1], channels);
    saved.tensor(DType.I32, in[1].shape()).copyFrom(in[1]);
    KernelLookup.of(y).scatterAdd(in[0], in[1], span(y.shape()), y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    KernelLookup.of(dy).gather(dy, call.saved(0), span(dy.shape()), dx);
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

  /**
   * Ties index k of x to number k of the index, and to nothing else: a channel that goes leaves
   * zero behind in a stream that keeps its width, and a stream channel that goes leaves the number
   * -1.
   */
  @Override
  public void couple(Call call, Coupling coupling) {
    Indexed.coupleRest(call, inner, coupling);
    coupling.tieAll(
        1, 0, 0, call.input(0).shape().rank() - 1 - inner, call.input(1).shape().count());
  }
}
