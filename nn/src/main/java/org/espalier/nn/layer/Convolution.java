package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.PadMode;
import org.espalier.autograd.op.Padding;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;

/**
 * Is what the convolution layers share: weight and bias, and that other padding than zeros is a
 * call of its own, before a convolution without padding.
 */
abstract class Convolution extends Module {
  private final String type;
  private final ConvConfig config;
  private final Parameter weight;
  private final Parameter bias;

  /** Creates a layer with a weight of this shape. */
  Convolution(String type, Shape shape, ConvConfig config) {
    this.type = type;
    this.config = config;
    weight = parameter("weight", shape, config.weightInit());
    bias =
        config.bias() ? parameter("bias", Shape.of(shape.size(0)), Init.pytorchBias(shape)) : null;
  }

  /** Computes the convolution; the bias may be null. */
  abstract Var convolve(Var x, Var weight, Var bias, ConvOptions options);

  /** Pads x as the configuration says, for windows of the weight's shape. */
  abstract Var pad(Var x, Shape weight, ConvConfig config);

  /** Returns the weight {@code [out, kh, kw, in/groups]}, in one dimension without kh. */
  public final Parameter weight() {
    return weight;
  }

  /** Returns the bias {@code [out]}, or null. */
  public final Parameter bias() {
    return bias;
  }

  /** Returns stride, dilation and padding; in one dimension the width's numbers count. */
  public final ConvOptions options() {
    return config.options();
  }

  @Override
  protected final Var forward(Pass pass, Var x) {
    if (config.padMode() == PadMode.ZERO) {
      return convolve(x, pass.value(weight), pass.valueOrNull(bias), options());
    }
    Var padded = pad(x, weight.shape(), config);
    ConvOptions unpadded = options().withPadding(Padding.VALID);
    Var y = convolve(padded, pass.value(weight), pass.valueOrNull(bias), unpadded);
    pass.release(padded);
    return y;
  }

  @Override
  protected final Spec describe() {
    return config.describe(type);
  }
}
