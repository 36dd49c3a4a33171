package org.espalier.autograd.op;

import java.util.List;
import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Span;

/**
 * Normalises the trailing axes of each sample together (Ba et al. 2016; layers reference, section
 * 3): biased variance, gamma and beta of the trailing axes' shape.
 *
 * @param trailing number of trailing axes, 1 to 3
 * @param eps added to the variance under the root
 */
public record LayerNorm(int trailing, double eps) implements Op {
  private static final List<AxisSpec> AXES =
      List.of(
          AxisSpec.of("x: ... c, gamma?: c, beta?: c -> ... c"),
          AxisSpec.of("x: ... b c, gamma?: b c, beta?: b c -> ... b c"),
          AxisSpec.of("x: ... a b c, gamma?: a b c, beta?: a b c -> ... a b c"));

  /** Creates the op. */
  public LayerNorm {
    Checks.epsilon("layer_norm", eps);
    if (trailing < 1 || trailing > AXES.size()) {
      throw new ShapeException("layer_norm: normalises 1 to 3 trailing axes, got " + trailing);
    }
  }

  @Override
  public String name() {
    return "layer_norm";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.get(trailing - 1).bind(this, inputs);
  }

  private Normalization over(Shape x) {
    int features = x.count(x.rank() - trailing, x.rank());
    int rows = x.count() / features;
    return new Normalization(new Span(rows, features, 1), new Span(1, rows, features), eps, false);
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
