package org.espalier.sparse.lowrank;

import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.PadMode;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Conv1d;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Builds the two layers that compute one layer of low rank (sheet 09, 2.7): {@code reduce}, with
 * the kernel, stride, padding and dilation of the old one and no bias, makes r channels a group;
 * {@code expand}, a 1x1 convolution (or linear layer) with the old bias, makes the old channels.
 */
final class TwoLayers {
  static final String REDUCE = "reduce";
  static final String EXPAND = "expand";

  private TwoLayers() {}

  /** Tells whether a layer is one that this can split. */
  static boolean canSplit(Module layer) {
    return layer instanceof Conv2d || layer instanceof Conv1d || layer instanceof Linear;
  }

  /**
   * Returns the two layers, as children of a Sequential that takes over what transforms the values
   * at the layer's ports.
   *
   * @param layer a convolution or linear layer, not modified
   * @param expand {@code [out, r]}
   * @param reduce {@code [groups·r, ...]}, as many numbers a row as a filter has
   */
  static Sequential of(Module layer, int groups, Tensor expand, Tensor reduce) {
    Sequential two = unported(layer, groups, expand, reduce);
    layer.input().parametrizations().forEach(two.input()::attach);
    layer.output().parametrizations().forEach(two.output()::attach);
    return two;
  }

  private static Sequential unported(Module layer, int groups, Tensor expand, Tensor reduce) {
    if (layer instanceof Linear linear) {
      int in = linear.weight().shape().size(1);
      return filled(
          new Linear(in, expand.shape().size(1), false),
          new Linear(expand.shape().size(1), expand.shape().size(0), linear.bias() != null),
          linear.weight(),
          linear.bias(),
          expand,
          reduce);
    }
    if (layer instanceof Conv1d conv) {
      Shape shape = conv.weight().shape();
      ConvConfig kernel = ConvConfig.kernel(1, shape.size(1));
      return filled(
          new Conv1d(
              shape.size(2) * groups,
              reduce.shape().size(0),
              reducing(kernel, conv.options(), conv, groups)),
          new Conv1d(reduce.shape().size(0), shape.size(0), expanding(groups, conv.bias() != null)),
          conv.weight(),
          conv.bias(),
          expand,
          reduce);
    }
    Conv2d conv = (Conv2d) layer;
    Shape shape = conv.weight().shape();
    ConvConfig kernel = ConvConfig.kernel(shape.size(1), shape.size(2));
    return filled(
        new Conv2d(
            shape.size(3) * groups,
            reduce.shape().size(0),
            reducing(kernel, conv.options(), conv, groups)),
        new Conv2d(reduce.shape().size(0), shape.size(0), expanding(groups, conv.bias() != null)),
        conv.weight(),
        conv.bias(),
        expand,
        reduce);
  }

  private static ConvConfig reducing(
      ConvConfig kernel, ConvOptions options, Module conv, int groups) {
    return kernel
        .withOptions(options)
        .withGroups(groups)
        .withPadMode(PadMode.valueOf(conv.spec().text("padMode")))
        .withoutBias();
  }

  private static ConvConfig expanding(int groups, boolean bias) {
    return ConvConfig.kernel(1).withGroups(groups).withBias(bias);
  }

  private static Sequential filled(
      Module first, Module second, Parameter weight, Parameter bias, Tensor expand, Tensor reduce) {
    Sequential two = Sequential.builder().add(REDUCE, first).add(EXPAND, second).build();
    two.convert(weight.dtype());
    set(first.ownParameters().get("weight"), reduce, weight);
    set(second.ownParameters().get("weight"), expand, weight);
    if (bias != null) {
      set(second.ownParameters().get("bias"), bias.value(), bias);
    }
    return two;
  }

  private static void set(Parameter parameter, Tensor value, Parameter model) {
    parameter.set(value.reshape(parameter.shape()));
    parameter.setTrainable(model.isTrainable());
  }
}
