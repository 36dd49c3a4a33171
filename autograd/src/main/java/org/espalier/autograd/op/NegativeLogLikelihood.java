package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Loss of class numbers on log-probabilities (layers reference, section 8): {@code l = -(1 -
 * e)·w_t·x_t - e/C · Σ_c w_c·x_c} with label smoothing e and class weights w. The mean divides by
 * {@code Σ w_t} over the positions that are not ignored.
 *
 * @param reduction what becomes of the single losses
 * @param ignoreIndex the target that contributes nothing
 * @param smoothing share e of the target spread evenly over all classes
 */
public record NegativeLogLikelihood(LossReduction reduction, int ignoreIndex, double smoothing)
    implements Op {
  private static final AxisSpec ONE = AxisSpec.of("x: ... c, target: ..., weight?: c ->");
  private static final AxisSpec EACH = AxisSpec.of("x: ... c, target: ..., weight?: c -> ...");

  /** Creates the op. */
  public NegativeLogLikelihood {
    Checks.probability("nll", smoothing);
    Checks.reduction("nll", reduction);
  }

  @Override
  public String name() {
    return "nll";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return (reduction == LossReduction.NONE ? EACH : ONE).bind(this, inputs);
  }

  @Override
  public DType dtype(DType... inputs) {
    Checks.integers(name(), "target", inputs[1]);
    return Op.super.dtype(inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    int classes = in[0].shape().size(-1);
    double norm = norm(in[1], in[2], classes);
    double total = 0;
    for (int row = 0; row < in[1].count(); row++) {
      double loss = (int) in[1].get(row) == ignoreIndex ? 0 : loss(in, row, classes);
      total += loss;
      if (reduction == LossReduction.NONE) {
        y.set(row, loss);
      }
    }
    if (reduction != LossReduction.NONE) {
      y.set(0, total / norm);
    }
  }

  private double loss(Tensor[] in, int row, int classes) {
    int target = (int) in[1].get(row);
    double loss = -(1 - smoothing) * weight(in[2], target) * in[0].get(row * classes + target);
    for (int c = 0; c < classes && smoothing > 0; c++) {
      loss -= smoothing / classes * weight(in[2], c) * in[0].get(row * classes + c);
    }
    return loss;
  }

  private static double weight(Tensor weights, int c) {
    return weights == null ? 1 : weights.get(c);
  }

  /** Returns what the sum is divided by; refuses targets that are no class. */
  private double norm(Tensor targets, Tensor weights, int classes) {
    double sum = 0;
    for (int row = 0; row < targets.count(); row++) {
      int target = (int) targets.get(row);
      if (target != ignoreIndex) {
        if (target < 0 || target >= classes) {
          throw new IllegalArgumentException(
              "nll: target[%d] = %d is outside [0, %d) and is not the ignored index %d"
                  .formatted(row, target, classes, ignoreIndex));
        }
        sum += weight(weights, target);
      }
    }
    if (reduction != LossReduction.MEAN) {
      return 1;
    }
    if (!(sum > 0)) {
      throw new IllegalArgumentException(
          "nll: the mean of no losses is not defined: all targets are ignored or have weight 0");
    }
    return sum;
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Checks.constant(call, 2, "weight");
    Tensor targets = call.in(1);
    int classes = call.axes().size("c");
    double norm = norm(targets, call.in(2), classes);
    Tensor dx = call.like(0).fill(0);
    for (int row = 0; row < targets.count(); row++) {
      int target = (int) targets.get(row);
      if (target != ignoreIndex) {
        double upstream = dy.get(reduction == LossReduction.NONE ? row : 0) / norm;
        for (int c = 0; c < classes && smoothing > 0; c++) {
          dx.set(row * classes + c, -upstream * smoothing / classes * weight(call.in(2), c));
        }
        int at = row * classes + target;
        dx.set(at, dx.get(at) - upstream * (1 - smoothing) * weight(call.in(2), target));
      }
    }
    return new Tensor[] {dx, null, null};
  }
}
