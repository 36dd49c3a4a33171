package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;

/**
 * One-dimensional convolution (cross-correlation): x {@code [n, l, in]}, weight {@code [out, k,
 * in/groups]}, bias {@code [out]} (layers reference, section 2). Of the configuration it reads the
 * width's numbers.
 */
public final class Conv1d extends Convolution {
  static final String TYPE = "conv1d";

  /** Creates a layer with stride 1, no padding and a bias. */
  public Conv1d(int in, int out, int kernel) {
    this(in, out, ConvConfig.kernel(kernel));
  }

  /** Creates a layer. */
  public Conv1d(int in, int out, ConvConfig config) {
    this(Shape.of(out, config.kernelWidth(), config.channelsPerGroup(in, out)), config);
  }

  private Conv1d(Shape shape, ConvConfig config) {
    super(TYPE, shape, config);
  }

  static Conv1d create(Spec spec, Shapes shapes) {
    return new Conv1d(shapes.required("weight"), ConvConfig.of(spec, shapes.has("bias")));
  }

  @Override
  int dimensions() {
    return 1;
  }

  @Override
  Var pad(Var x, Shape weight, ConvConfig config) {
    int[] sides = config.columnSides(x.shape().size(1), weight.size(1));
    return Ops.pad1d(x, config.padMode(), sides[0], sides[1]);
  }
}
