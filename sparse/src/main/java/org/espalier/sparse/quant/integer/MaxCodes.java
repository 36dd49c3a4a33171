package org.espalier.sparse.quant.integer;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Saved;
import org.espalier.autograd.op.MaxPool;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Takes the highest code of each window; codes mean the same before and behind.
 *
 * @param pool the windows
 * @param grid what codes mean
 */
record MaxCodes(MaxPool pool, Grid grid) implements IntegerOp {
  static final String TYPE = "max";

  @Override
  public String name() {
    return "integer_" + pool.name();
  }

  @Override
  public Axes axes(Shape... inputs) {
    return pool.axes(inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    KernelLookup.integers().maxPool(pool.geometry(in[0].shape()), in[0], y);
  }

  @Override
  public Spec describe(Spec spec) {
    return grid.describe(OpOptions.describe(pool, spec), "grid");
  }

  static MaxCodes of(Spec spec) {
    return new MaxCodes((MaxPool) OpOptions.op(spec), Grid.of(spec, "grid"));
  }
}
