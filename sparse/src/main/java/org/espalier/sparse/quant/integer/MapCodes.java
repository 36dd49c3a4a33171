package org.espalier.sparse.quant.integer;

import java.util.List;
import java.util.function.UnaryOperator;
import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Saved;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.CodeRange;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Replaces each code by an entry of a table of 256: any function of one value, and the change from
 * one grid to another. Inputs are x and the table (I8).
 *
 * @param function names what the table holds, for people
 * @param grid what the output codes mean
 */
record MapCodes(String function, Grid grid) implements IntegerOp {
  static final String TYPE = "map";
  static final String TABLE = "table";
  private static final AxisSpec AXES = AxisSpec.of("x: ..., table: t -> ...");
  private static final String FUNCTION = "function";

  @Override
  public String name() {
    return "integer_" + function;
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    KernelLookup.integers().map(in[0], in[1], y);
  }

  /** Returns the table of a function of real values. */
  static Tensor table(Grid from, UnaryOperator<Tensor> function, Grid to) {
    Tensor values = Tensor.zeros(CodeRange.CODES);
    for (int i = 0; i < CodeRange.CODES; i++) {
      values.set(i, from.value(CodeRange.LOWEST + i));
    }
    Tensor results = function.apply(values);
    Tensor table = Tensor.zeros(DType.I8, values.shape());
    for (int i = 0; i < CodeRange.CODES; i++) {
      table.i8()[i] = to.code((float) results.get(i));
    }
    return table;
  }

  @Override
  public Spec describe(Spec spec) {
    return grid.describe(spec, "grid").with(FUNCTION, function);
  }

  static MapCodes of(Spec spec) {
    return new MapCodes(spec.text(FUNCTION), Grid.of(spec, "grid"));
  }

  /** Returns the names of some ops as one. */
  static String join(List<String> names) {
    return String.join("_", names);
  }
}
