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
 * One-dimensional convolution (cross-correlation): x {@code [n, l, in]}, weight {@code [out, k,
 * in/groups]}, bias {@code [out]} (layers reference, section 2). Of the configuration it reads the
 * width's numbers.
 */
public final class Conv1d extends Module {
  static final String TYPE = "conv1d";

  private final ConvConfig config;
  private final Parameter weight;
  private final Parameter bias;

  /** Creates a layer with stride 1, no padding and a bias. */
  public Conv1d(int in, int out, int kernel) {
    this(in, out, ConvConfig.kernel(kernel));
  }

  /** Creates a layer. */
  public Conv1d(int in, int out, ConvConfig config) {
    this(Shape.of(out, config.kernelWidth(), config.channelsPerGroup(in, out)), config);
  }

  private Conv1d(Shape shape, ConvConfig config) {
    this.config = config;
    weight = parameter("weight", shape, config.weightInit());
    bias =
        config.bias() ? parameter("bias", Shape.of(shape.size(0)), Init.pytorchBias(shape)) : null;
  }

  static Conv1d create(Spec spec, Shapes shapes) {
    return new Conv1d(shapes.required("weight"), ConvConfig.of(spec, shapes.has("bias")));
  }

  /** Returns the weight {@code [out, k, in/groups]}. */
  public Parameter weight() {
    return weight;
  }

  /** Returns the bias {@code [out]}, or null. */
  public Parameter bias() {
    return bias;
  }

  /** Returns stride, dilation and padding; the width's numbers count. */
  public ConvOptions options() {
    return config.options();
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    if (config.padMode() == PadMode.ZERO) {
      return Ops.conv1d(x, pass.value(weight), pass.valueOrNull(bias), config.options());
    }
    int[] sides =
        config.sides(
            config.options().paddingWidth(),
            x.shape().size(1),
            weight.shape().size(1),
            config.options().strideWidth(),
            config.options().dilationWidth());
    Var padded = Ops.pad1d(x, config.padMode(), sides[0], sides[1]);
    Var y =
        Ops.conv1d(
            padded,
            pass.value(weight),
            pass.valueOrNull(bias),
            config.options().withPadding(Padding.VALID));
    pass.release(padded);
    return y;
  }

  @Override
  protected Spec describe() {
    return config.describe(TYPE);
  }
}
