package org.espalier.sparse.mask;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.parallel.Parallel;

/**
 * Keeps a weight where its mask variable is above 0: {@code y = m > 0 ? v : 0} (SCL, 2.4).
 *
 * <pre>
 * dv = m > 0 ? dy : 0
 * dm = dy · v · h'(m)      by v, not y: a dropped connection still feels its gradient
 * </pre>
 *
 * <p>Chosen, not multiplied: a dropped weight is 0 whatever its sign, and a kept one keeps its
 * bits.
 *
 * @param proxy gives h'
 */
record UnitStepMask(StraightThrough proxy) implements Op {
  private static final AxisSpec AXES = AxisSpec.of("weight: ..., mask: ... -> ...");

  @Override
  public String name() {
    return "unit_step_mask";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    keepWhereOpen(in[0], in[1], y);
  }

  /** Copies x where m is above 0, and 0 elsewhere. */
  private static void keepWhereOpen(Tensor x, Tensor m, Tensor y) {
    if (y.dtype() == DType.F64) {
      for (int i = 0; i < y.count(); i++) {
        y.set(i, m.get(i) > 0 ? x.get(i) : 0);
      }
      return;
    }
    float[] from = x.f32();
    float[] mask = m.f32();
    float[] to = y.f32();
    Parallel.range(
        y.count(),
        Parallel.GRAIN,
        (first, end) -> {
          for (int i = first; i < end; i++) {
            to[i] = mask[i] > 0 ? from[i] : 0;
          }
        });
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dv = call.needs(0) ? call.like(0) : null;
    Tensor dm = call.needs(1) ? call.like(1) : null;
    if (dv != null) {
      keepWhereOpen(dy, call.in(1), dv);
    }
    if (dm != null) {
      maskGradient(call.in(0), call.in(1), dy, dm);
    }
    return new Tensor[] {dv, dm};
  }

  private void maskGradient(Tensor v, Tensor m, Tensor dy, Tensor dm) {
    if (dy.dtype() == DType.F64) {
      for (int i = 0; i < dm.count(); i++) {
        dm.set(i, dy.get(i) * v.get(i) * proxy.derivative(m.get(i)));
      }
      return;
    }
    float[] weight = v.f32();
    float[] mask = m.f32();
    float[] upstream = dy.f32();
    float[] gradient = dm.f32();
    Parallel.range(
        dm.count(),
        Parallel.GRAIN,
        (first, end) -> {
          for (int i = first; i < end; i++) {
            gradient[i] = (float) (upstream[i] * weight[i] * proxy.derivative(mask[i]));
          }
        });
  }
}
