package org.espalier.sparse.quant.integer;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Saved;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Turns codes into values, {@code x = (q - z) · scale}.
 *
 * @param input what the codes mean
 */
record Dequantize(Grid input) implements IntegerOp {
  static final String TYPE = "dequantize";
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
  public DType dtype(DType... inputs) {
    return DType.F32;
  }

  @Override
  public Grid grid() {
    return null;
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    byte[] codes = in[0].i8();
    for (int i = 0; i < y.count(); i++) {
      y.f32()[i] = input.value(codes[i]);
    }
  }

  @Override
  public Spec describe(Spec spec) {
    return input.describe(spec, "input");
  }

  static Dequantize of(Spec spec) {
    return new Dequantize(Grid.of(spec, "input"));
  }
}
