package org.espalier.sparse.quant.integer;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.autograd.op.AveragePool;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.PoolGeometry;
import org.espalier.tensor.kernel.Requantization;
import org.espalier.tensor.kernel.RequantizationMode;

/**
 * Averages windows or whole maps: sums of codes, then {@code M = s_x / (s_y · count)}.
 *
 * @param pool the windows
 * @param input what the codes of x mean
 * @param grid what the output codes mean
 * @param mode how sums become codes
 */
record AverageCodes(Op pool, Grid input, Grid grid, RequantizationMode mode) implements IntegerOp {
  static final String TYPE = "average";
  private static final String MODE = "mode";

  @Override
  public String name() {
    return "integer_" + pool.name();
  }

  @Override
  public Axes axes(Shape... inputs) {
    return pool.axes(inputs);
  }

  private PoolGeometry geometry(Shape x) {
    if (pool instanceof AveragePool windows) {
      return windows.geometry(x);
    }
    int pixels = x.count() / Math.max(1, x.size(0) * x.size(-1));
    int[] first = {0};
    int[] one = {1};
    int[] all = {pixels};
    return new PoolGeometry(
        x.size(0), 1, pixels, x.size(-1), first, one, one, 1, first, all, all, 1);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    double multiplier = (double) input.scale() / grid.scale();
    Requantization rounding = new Requantization(mode, grid.range(), multiplier);
    KernelLookup.integers()
        .averagePool(geometry(in[0].shape()), in[0], input.zeroPoint(), rounding, y);
  }

  @Override
  public Spec describe(Spec spec) {
    Spec described = input.describe(OpOptions.describe(pool, spec), "input");
    return grid.describe(described, "grid").with(MODE, mode.name());
  }

  static AverageCodes of(Spec spec) {
    return new AverageCodes(
        OpOptions.op(spec),
        Grid.of(spec, "input"),
        Grid.of(spec, "grid"),
        RequantizationMode.valueOf(spec.text(MODE)));
  }
}
