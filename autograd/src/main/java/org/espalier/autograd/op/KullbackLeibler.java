package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Divergence of each entry, {@code p·(ln p - x)}, 0 where p is 0, of log-probabilities x from the
 * target p (layers reference, section 8).
 *
 * @param logTarget whether the target holds {@code ln p}
 */
public record KullbackLeibler(boolean logTarget) implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: ..., target: ... -> ...");

  @Override
  public String name() {
    return "kl_div";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  private double probability(Tensor target, int i) {
    return logTarget ? Math.exp(target.get(i)) : target.get(i);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    if (!logTarget) {
      Checks.probabilities(name(), "target", in[1]);
    }
    for (int i = 0; i < y.count(); i++) {
      double p = probability(in[1], i);
      double logarithm = logTarget ? in[1].get(i) : Math.log(p);
      y.set(i, p == 0 ? 0 : p * (logarithm - in[0].get(i)));
    }
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Checks.constant(call, 1, "target");
    Tensor dx = call.like(0);
    for (int i = 0; i < dx.count(); i++) {
      dx.set(i, -probability(call.in(1), i) * dy.get(i));
    }
    return new Tensor[] {dx, null};
  }
}
