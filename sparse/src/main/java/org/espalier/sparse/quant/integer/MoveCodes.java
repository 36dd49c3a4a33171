package org.espalier.sparse.quant.integer;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Cost;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Rearranges, selects, pads or joins codes as a float op moves numbers: the op itself moves the
 * differences to the zero point, which are floats without any error, and the zeros it fills in mean
 * zero. Codes mean the same before and behind.
 *
 * @param move the op
 * @param grid what codes mean, those of all inputs
 */
record MoveCodes(Op move, Grid grid) implements IntegerOp {
  static final String TYPE = "move";
  static final String INDEX = "index";

  @Override
  public String name() {
    return "integer_" + move.name();
  }

  @Override
  public Axes axes(Shape... inputs) {
    return move.axes(inputs);
  }

  @Override
  public Cost cost(Axes axes) {
    return move.cost(axes);
  }

  @Override
  public Tensor alias(Tensor[] in, Shape output) {
    return move.alias(in, output);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Tensor[] wide = in.clone();
    for (int i = 0; i < in.length; i++) {
      if (in[i].dtype() == DType.I8) {
        wide[i] = saved.scratch(DType.F32, in[i].shape());
        KernelLookup.integers().widen(in[i], grid.zeroPoint(), wide[i]);
      }
    }
    Tensor moved = saved.scratch(DType.F32, y.shape());
    move.forward(wide, moved, saved);
    KernelLookup.integers().narrow(moved, grid.zeroPoint(), y);
  }

  @Override
  public Spec describe(Spec spec) {
    return grid.describe(OpOptions.describe(move, spec), "grid");
  }

  static MoveCodes of(Spec spec) {
    return new MoveCodes(OpOptions.op(spec), Grid.of(spec, "grid"));
  }
}
