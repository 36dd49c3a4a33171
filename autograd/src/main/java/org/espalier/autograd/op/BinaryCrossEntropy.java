package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Loss of each logit against a probability t (layers reference, section 8): {@code weight · ((1 -
 * t)·x + (1 + (p - 1)·t) · (ln(1 + e^-|x|) + max(-x, 0)))} with the positive weight p.
 */
public record BinaryCrossEntropy() implements Op {
  private static final AxisSpec AXES =
      AxisSpec.of("x: ... c, target: ... c, weight?: c, pos_weight?: c -> ... c");

  @Override
  public String name() {
    return "bce_with_logits";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  private static double at(Tensor vector, int i) {
    return vector == null ? 1 : vector.get(i % vector.count());
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Checks.probabilities(name(), "target", in[1]);
    for (int i = 0; i < y.count(); i++) {
      double x = in[0].get(i);
      double t = in[1].get(i);
      double tail = Math.log1p(Math.exp(-Math.abs(x))) + Math.max(-x, 0);
      y.set(i, at(in[2], i) * ((1 - t) * x + (1 + (at(in[3], i) - 1) * t) * tail));
    }
  }

  /** {@code dx = weight · (sigmoid(x)·(1 + (p - 1)·t) - p·t)}. */
  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Checks.constant(call, 1, "target");
    Checks.constant(call, 2, "weight");
    Checks.constant(call, 3, "pos_weight");
    Tensor dx = call.like(0);
    for (int i = 0; i < dx.count(); i++) {
      double t = call.in(1).get(i);
      double p = at(call.in(3), i);
      double e = Math.exp(-Math.abs(call.in(0).get(i)));
      double sigmoid = (call.in(0).get(i) >= 0 ? 1 : e) / (1 + e);
      double slope = sigmoid * (1 + (p - 1) * t) - p * t;
      dx.set(i, dy.get(i) * at(call.in(2), i) * slope);
    }
    return new Tensor[] {dx, null, null, null};
  }
}
