package org.espalier.nn.layer;

import org.espalier.autograd.Mode;
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
  private volatile FoldedNorm folded;

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
    return convolve(pass, x, pass.value(weight), pass.valueOrNull(bias));
  }

  /** Fuses with a normalisation by running statistics in infer passes. */
  @Override
  protected final boolean fuses(Pass pass, Module next) {
    return pass.mode() == Mode.INFER && next instanceof RunningNorm norm && norm.frozen() != null;
  }

  @Override
  protected final Var forwardFused(Pass pass, Var x, Module next) {
    FoldedNorm known = folded(((RunningNorm) next).frozen());
    return convolve(
        pass, x, pass.tape().constant(known.weight()), pass.tape().constant(known.bias()));
  }

  /** Two threads may both fold, with equal bits. */
  private FoldedNorm folded(FrozenNorm norm) {
    FoldedNorm known = folded;
    if (known == null || !known.isOf(weight, bias, norm)) {
      known = FoldedNorm.of(weight, bias, norm);
      folded = known;
    }
    return known;
  }

  private Var convolve(Pass pass, Var x, Var weight, Var bias) {
    if (config.padMode() == PadMode.ZERO) {
      return convolve(x, weight, bias, options());
    }
    Var padded = pad(x, weight.shape(), config);
    Var y = convolve(padded, weight, bias, options().withPadding(Padding.VALID));
    pass.release(padded);
    return y;
  }

  @Override
  protected final Spec describe() {
    return config.describe(type);
  }
}
