package org.espalier.sparse.quant.integer;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Saved;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.parallel.Parallel;

/**
 * Turns values into codes, {@code q = clamp(rint(x / scale) + z)}.
 *
 * @param grid what the codes mean
 */
record Quantize(Grid grid) implements IntegerOp {
  static final String TYPE = "quantize";
  private static final AxisSpec AXES = AxisSpec.of("x: ... -> ...");

  @Override
  public String name() {
    return TYPE;
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    byte[] codes = y.i8();
    float[] values = in[0].f32();
    Parallel.range(
        y.count(), Parallel.GRAIN / 4, (from, to) -> grid.codes(values, codes, from, to));
  }

  @Override
  public Spec describe(Spec spec) {
    return grid.describe(spec, "grid");
  }

  static Quantize of(Spec spec) {
    return new Quantize(Grid.of(spec, "grid"));
  }
}
