package org.espalier.sparse.quant;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.parallel.Parallel;

/**
 * Rounds to steps of learned size (LSQ; resource-efficiency survey, Q2).
 *
 * <pre>
 * v = x/s,  y = round(clamp(v, Qn, Qp))·s
 * dx = dy where Qn <= v <= Qp, else 0
 * ds = gs · sum dy·c,  c = round(v) - v inside, Qn below, Qp above,  gs = 1/√(N·Qp)
 * </pre>
 *
 * @param lowest Qn
 * @param highest Qp
 * @param axis the axis with a step for each index, or {@link AffineQuantizer#PER_TENSOR}
 * @param perSample whether N counts the elements of one sample, not of the whole tensor
 */
record LearnedStepOp(int lowest, int highest, int axis, boolean perSample) implements Op {
  @Override
  public String name() {
    return LearnedStepSize.TYPE;
  }

  @Override
  public Axes axes(Shape... inputs) {
    return ChannelAxes.of(inputs[0], axis, "step").bind(this, inputs);
  }

  /** Returns gs for a value of a shape. */
  double gradientScale(Shape x) {
    double n = (double) x.count() / (perSample ? x.size(0) : 1);
    return 1 / Math.sqrt(n * highest);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    ChannelRuns runs = ChannelRuns.of(y.shape(), axis);
    if (runs.runs() == 1) {
      Parallel.range(
          y.count(), Parallel.GRAIN, (from, end) -> round(in[0], in[1].get(0), y, from, end));
    } else {
      runs.forEach((channel, from, end) -> round(in[0], in[1].get(channel), y, from, end));
    }
  }

  private void round(Tensor x, double step, Tensor y, int first, int end) {
    if (x.dtype() == DType.F64) {
      for (int i = first; i < end; i++) {
        y.set(i, Math.rint(Math.max(lowest, Math.min(highest, x.get(i) / step))) * step);
      }
      return;
    }
    float[] from = x.f32();
    float[] to = y.f32();
    float s = (float) step;
    for (int i = first; i < end; i++) {
      float v = Math.max(lowest, Math.min(highest, from[i] / s));
      to[i] = (v + AffineQuantizer.ROUND - AffineQuantizer.ROUND) * s;
    }
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor x = call.in(0);
    Tensor step = call.in(1);
    Tensor dx = call.needs(0) ? call.like(0) : null;
    Tensor ds = call.needs(1) ? call.like(1) : null;
    double[] sums = new double[step.count()];
    ChannelRuns.of(x.shape(), axis)
        .forEach(
            (channel, from, end) -> {
              if (dx != null) {
                pass(x, step.get(channel), dy, dx, from, end);
              }
              if (ds != null) {
                sums[channel] += stepGradient(x, step.get(channel), dy, from, end);
              }
            });
    for (int c = 0; ds != null && c < sums.length; c++) {
      ds.set(c, gradientScale(x.shape()) * sums[c]);
    }
    return new Tensor[] {dx, ds};
  }

  private void pass(Tensor x, double step, Tensor dy, Tensor dx, int first, int end) {
    if (x.dtype() == DType.F64) {
      for (int i = first; i < end; i++) {
        double v = x.get(i) / step;
        dx.set(i, v >= lowest && v <= highest ? dy.get(i) : 0);
      }
      return;
    }
    float[] from = x.f32();
    float[] upstream = dy.f32();
    float[] to = dx.f32();
    float s = (float) step;
    for (int i = first; i < end; i++) {
      float v = from[i] / s;
      to[i] = v >= lowest && v <= highest ? upstream[i] : 0;
    }
  }

  private double stepGradient(Tensor x, double step, Tensor dy, int first, int end) {
    double sum = 0;
    if (x.dtype() == DType.F64) {
      for (int i = first; i < end; i++) {
        double v = x.get(i) / step;
        sum += dy.get(i) * (v < lowest ? lowest : v > highest ? highest : Math.rint(v) - v);
      }
      return sum;
    }
    float[] from = x.f32();
    float[] upstream = dy.f32();
    float s = (float) step;
    for (int i = first; i < end; i++) {
      float v = from[i] / s;
      float clamped = Math.max(lowest, Math.min(highest, v));
      float rounded = clamped + AffineQuantizer.ROUND - AffineQuantizer.ROUND;
      sum += upstream[i] * (v == clamped ? rounded - v : clamped);
    }
    return sum;
  }

  @Override
  public Role role() {
    return Role.PASS;
  }
}
