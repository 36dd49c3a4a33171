package org.espalier.autograd.op;

import java.util.List;
import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Coupling;
import org.espalier.autograd.Saved;
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
public record Gather(int inner) implements Indexed {
  private static final List<AxisSpec> AXES =
      List.of(
          AxisSpec.of("x: ... c, index: o@c -> ... o"),
          AxisSpec.of("x: ... c p, index: o@c -> ... o p"),
          AxisSpec.of("x: ... c p q, index: o@c -> ... o p q"),
          AxisSpec.of("x: ... c p q r, index: o@c -> ... o p q r"));

  /** Creates the op. */
  public Gather {
    Indexed.checkInner("gather", inner, AXES.size());
  }

  @Override
  public String name() {
    return "gather";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.get(inner).bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Span span = Indexed.span(this, in[0].shape());
    Indexed.save(this, in[1], span.middle(), saved);
    KernelLookup.of(y).gather(in[0], in[1], span, y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    KernelLookup.of(dy).scatterAdd(dy, call.saved(0), Indexed.span(this, dx.shape()), dx);
    return new Tensor[] {dx, null};
  }

  /** Ties index k of the output, and number k of the index, to the channel that number names. */
  @Override
  public void couple(Call call, Coupling coupling) {
    Indexed.coupleRest(this, call, coupling);
    int along = Indexed.along(this, call.input(0).shape());
    int[] index = call.in(1).i32();
    for (int k = 0; k < call.in(1).count(); k++) {
      coupling.tie(1, 0, k, Coupling.OUTPUT, along, k);
      if (index[k] >= 0) {
        coupling.tie(0, along, index[k], Coupling.OUTPUT, along, k);
      }
    }
  }
}
