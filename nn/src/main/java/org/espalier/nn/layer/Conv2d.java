package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;

/**
 * Two-dimensional convolution (cross-correlation): x {@code [n, h, w, in]}, weight {@code [out, kh,
 * kw, in/groups]}, bias {@code [out]} (layers reference, section 2). The number of groups is the
 * quotient of x's channels and the weight's last axis.
 */
public final class Conv2d extends Convolution {
  static final String TYPE = "conv2d";

  /** Creates a layer with a square kernel, stride 1, no padding and a bias. */
  public Conv2d(int in, int out, int kernel) {
    this(in, out, ConvConfig.kernel(kernel));
  }

  /** Creates a layer. */
  public Conv2d(int in, int out, ConvConfig config) {
    this(
        Shape.of(
            out, config.kernelHeight(), config.kernelWidth(), config.channelsPerGroup(in, out)),
        config);
  }

  private Conv2d(Shape shape, ConvConfig config) {
    super(TYPE, shape, config);
  }

  static Conv2d create(Spec spec, Shapes shapes) {
    return new Conv2d(shapes.required("weight"), ConvConfig.of(spec, shapes.has("bias")));
  }

  @Override
  int dimensions() {
    return 2;
  }

  @Override
  Var pad(Var x, Shape weight, ConvConfig config) {
    int[] rows = config.rowSides(x.shape().size(1), weight.size(1));
    int[] columns = config.columnSides(x.shape().size(2), weight.size(2));
    return Ops.pad2d(x, config.padMode(), rows[0], rows[1], columns[0], columns[1]);
  }
}
