package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PadMode;
import org.espalier.autograd.op.Padding;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;

/**
 * Two-dimensional convolution (cross-correlation): x {@code [n, h, w, in]}, weight {@code [out, kh,
 * kw, in/groups]}, bias {@code [out]} (layers reference, section 2). The number of groups is the
 * quotient of x's channels and the weight's last axis.
 */
public final class Conv2d extends Module {
  static final String TYPE = "conv2d";

  private final ConvConfig config;
  private final Parameter weight;
  private final Parameter bias;

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
    this.config = config;
    weight = parameter("weight", shape, config.weightInit());
    bias =
        config.bias() ? parameter("bias", Shape.of(shape.size(0)), Init.pytorchBias(shape)) : null;
  }

  static Conv2d create(Spec spec, Shapes shapes) {
    return new Conv2d(shapes.required("weight"), ConvConfig.of(spec, shapes.has("bias")));
  }

  /** Returns the weight {@code [out, kh, kw, in/groups]}. */
  public Parameter weight() {
    return weight;
  }

  /** Returns the bias {@code [out]}, or null. */
  public Parameter bias() {
    return bias;
  }

  /** Returns stride, dilation and padding. */
  public ConvOptions options() {
    return config.options();
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    if (config.padMode() == PadMode.ZERO) {
      return Ops.conv2d(x, pass.value(weight), pass.valueOrNull(bias), config.options());
    }
    Var padded = pad(x);
    Var y =
        Ops.conv2d(
            padded,
            pass.value(weight),
            pass.valueOrNull(bias),
            config.options().withPadding(Padding.VALID));
    pass.release(padded);
    return y;
  }

  private Var pad(Var x) {
    int[] rows =
        config.sides(
            config.options().paddingHeight(),
            x.shape().size(1),
            weight.shape().size(1),
            config.options().strideHeight(),
            config.options().dilationHeight());
    int[] columns =
        config.sides(
            config.options().paddingWidth(),
            x.shape().size(2),
            weight.shape().size(2),
            config.options().strideWidth(),
            config.options().dilationWidth());
    return Ops.pad2d(x, config.padMode(), rows[0], rows[1], columns[0], columns[1]);
  }

  @Override
  protected Spec describe() {
    return config.describe(TYPE);
  }
}
