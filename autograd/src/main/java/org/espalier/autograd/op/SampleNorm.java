package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Span;

/**
 * Instance normalisation of keras-contrib (layers reference, section 3): {@code (x - mean) / (std +
 * eps)} over all axes but the first, eps outside the root, one gamma and one beta for all.
 *
 * @param eps added to the deviation
 */
public record SampleNorm(double eps) implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: n ..., gamma?: one, beta?: one -> n ...");

  /** Creates the op. */
  public SampleNorm {
    Checks.epsilon("instance_norm_keras_contrib", eps);
  }

  @Override
  public String name() {
    return "instance_norm_keras_contrib";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public int size(String letter) {
    return letter.equals("one") ? 1 : -1;
  }

  private Normalization over(Shape x) {
    Span samples = Span.of(x, 1, x.rank());
    return new Normalization(samples, new Span(1, x.count(), 1), eps, true);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    over(y.shape()).forward(in[0], in[1], in[2], y, saved);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    return over(dy.shape()).vjp(call, dy);
  }
}
