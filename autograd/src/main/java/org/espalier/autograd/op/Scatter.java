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

/**
 * Puts channels where their numbers say, {@code y = 0, y[.., index[k]] += x[.., k]}; -1 drops a
 * channel. The reverse of {@link Gather}.
 *
 * @param inner number of axes behind the indexed one
 * @param channels number of channels of the output
 */
public record Scatter(int inner, int channels) implements Indexed {
  private static final List<AxisSpec> AXES =
      List.of(
          AxisSpec.of("x: ... o, index: o@c -> ... c"),
          AxisSpec.of("x: ... o p, index: o@c -> ... c p"),
          AxisSpec.of("x: ... o p q, index: o@c -> ... c p q"),
          AxisSpec.of("x: ... o p q r, index: o@c -> ... c p q r"));

  /** Creates the op. */
  public Scatter {
    Indexed.checkInner("scatter", inner, AXES.size());
  }

  @Override
  public String name() {
    return "scatter";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.get(inner).bind(this, inputs);
  }

  @Override
  public int size(String letter) {
    return letter.equals("c") ? channels : -1;
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Indexed.save(this, in[1], channels, saved);
    KernelLookup.of(y).scatterAdd(in[0], in[1], Indexed.span(this, y.shape()), y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    KernelLookup.of(dy).gather(dy, call.saved(0), Indexed.span(this, dy.shape()), dx);
    return new Tensor[] {dx, null};
  }

  /**
   * Ties index k of x to number k of the index, and to nothing else: a channel that goes leaves
   * zero behind in a stream that keeps its width, and a stream channel that goes leaves the number
   * -1.
   */
  @Override
  public void couple(Call call, Coupling coupling) {
    Indexed.coupleRest(this, call, coupling);
    coupling.tieAll(
        1, 0, 0, Indexed.along(this, call.input(0).shape()), call.input(1).shape().count());
  }
}
