package org.espalier.sparse.quant;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Rounds to the grid of a range: {@code y = (clamp(round(x/s) + z, qmin, qmax) - z)·s} with scale
 * and zero point of the range {@code [low, high]} (resource-efficiency survey, Q1).
 *
 * <p>The gradient goes straight through where the code was not clamped, else it is 0. The range
 * gets none.
 *
 * @param grid the codes
 * @param axis the axis with a range for each index, or {@link AffineQuantizer#PER_TENSOR}
 */
record FakeQuantizeOp(QuantizationGrid grid, int axis) implements Op {
  @Override
  public String name() {
    return FakeQuantize.TYPE;
  }

  @Override
  public Axes axes(Shape... inputs) {
    return ChannelAxes.of(inputs[0], axis, "low", "high").bind(this, inputs);
  }

  /** Returns the quantiser of a range, or of one for each index of the axis. */
  AffineQuantizer quantizer(Tensor low, Tensor high) {
    Range[] ranges = new Range[low.count()];
    for (int c = 0; c < ranges.length; c++) {
      ranges[c] = new Range((float) low.get(c), (float) high.get(c));
    }
    return grid.quantizer(ranges, axis);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    quantizer(in[1], in[2]).fakeQuantize(in[0], y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.needs(0) ? call.like(0) : null;
    if (dx != null) {
      quantizer(call.in(1), call.in(2)).gradient(call.in(0), dy, dx);
    }
    return new Tensor[] {dx, null, null};
  }

  @Override
  public Role role() {
    return Role.PASS;
  }
}
