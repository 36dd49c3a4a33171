package org.espalier.sparse.quant.integer;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Saved;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Adds (or subtracts) two values, each brought to the steps of the result in double, rounded once.
 *
 * @param x what the codes of the first mean
 * @param y what the codes of the second mean
 * @param subtracts whether the second is taken away
 * @param grid what the output codes mean
 */
record IntegerSum(Grid x, Grid y, boolean subtracts, Grid grid) implements IntegerOp {
  static final String TYPE = "sum";
  private static final AxisSpec AXES = AxisSpec.of("x: ..., y: ... -> ...");
  private static final String SUBTRACTS = "subtracts";

  @Override
  public String name() {
    return "integer_sum";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor z, Saved saved) {
    double xSteps = (double) x.scale() / grid.scale();
    double ySteps = (subtracts ? -1 : 1) * (double) y.scale() / grid.scale();
    KernelLookup.integers()
        .add(in[0], x.zeroPoint(), xSteps, in[1], y.zeroPoint(), ySteps, grid.range(), z);
  }

  @Override
  public Spec describe(Spec spec) {
    Spec inputs = y.describe(x.describe(spec, "x"), "y");
    return grid.describe(inputs, "grid").with(SUBTRACTS, subtracts);
  }

  static IntegerSum of(Spec spec) {
    return new IntegerSum(
        Grid.of(spec, "x"), Grid.of(spec, "y"), spec.flag(SUBTRACTS), Grid.of(spec, "grid"));
  }
}
