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
 * Normalises each channel of each sample over its positions (layers reference, section 3): biased
 * variance; gamma and beta {@code [c]} or null.
 *
 * @param eps added to the variance under the root
 */
public record InstanceNorm(double eps) implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: n ... c, gamma?: c, beta?: c -> n ... c");

  /** Creates the op. */
  public InstanceNorm {
    Checks.epsilon("instance_norm", eps);
  }

  @Override
  public String name() {
    return "instance_norm";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  private Normalization over(Shape x) {
    return new Normalization(Span.of(x, 1, x.rank() - 1), Span.channels(x), eps, false);
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
