package org.espalier.sparse.decomposition;

import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.PadMode;
import org.espalier.autograd.op.Padding;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.layer.Conv1d;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Reads a linear layer or a convolution of one group as a weight {@code [out, height, width, in]},
 * and makes smaller layers of the same kind.
 *
 * @param kind what the layer is
 * @param out outputs
 * @param height kernel rows, 1 for series and linear layers
 * @param width kernel columns, 1 for linear layers
 * @param in inputs
 * @param weight the effective weight, {@code [out, height · width · in]}
 * @param bias the effective bias, null without
 * @param options how windows lie
 * @param padMode what stands in the padding
 * @param dtype the type of the layer's numbers
 */
record WeightLayer(
    Kind kind,
    int out,
    int height,
    int width,
    int in,
    Matrix weight,
    Tensor bias,
    ConvOptions options,
    PadMode padMode,
    DType dtype) {
  /** Says of which class the layer is, and so its parts. */
  enum Kind {
    LINEAR,
    SERIES,
    IMAGE
  }

  /** Tells whether a layer can be read: linear, or a convolution that is not grouped. */
  static boolean isReadable(Module layer) {
    return layer instanceof Linear
        || layer instanceof Conv2d conv && !conv.options().grouped()
        || layer instanceof Conv1d series && !series.options().grouped();
  }

  /** Tells whether a layer can be read and has a kernel of more than one position. */
  static boolean hasWindow(Module layer) {
    return isReadable(layer)
        && (layer instanceof Conv2d conv && positions(conv.weight()) > 1
            || layer instanceof Conv1d series && positions(series.weight()) > 1);
  }

  private static int positions(Parameter weight) {
    return weight.shape().count(1, weight.shape().rank() - 1);
  }

  /** Reads a layer for a method. */
  static WeightLayer of(String method, Module layer) {
    if (!isReadable(layer)) {
      throw new IllegalArgumentException(
          "%s: takes linear layers and convolutions that are not grouped, got '%s', a %s"
              .formatted(method, layer.name(), layer.spec().type()));
    }
    if (layer instanceof Linear linear) {
      return read(Kind.LINEAR, linear.weight(), linear.bias(), ConvOptions.DEFAULT, PadMode.ZERO);
    }
    if (layer instanceof Conv2d conv) {
      return read(Kind.IMAGE, conv.weight(), conv.bias(), conv.options(), conv.padMode());
    }
    Conv1d series = (Conv1d) layer;
    return read(Kind.SERIES, series.weight(), series.bias(), series.options(), series.padMode());
  }

  private static WeightLayer read(
      Kind kind, Parameter weight, Parameter bias, ConvOptions options, PadMode padMode) {
    Shape shape = weight.shape();
    int rank = shape.rank();
    return new WeightLayer(
        kind,
        shape.size(0),
        kind == Kind.IMAGE ? shape.size(1) : 1,
        kind == Kind.LINEAR ? 1 : shape.size(rank - 2),
        shape.size(rank - 1),
        Matrix.of(weight.value(), shape.size(0)),
        bias == null ? null : bias.value(),
        options,
        padMode,
        weight.dtype());
  }

  /** Returns the weight with its four axes, float64. */
  Tensor tensor() {
    return weight.tensor(out, height, width, in);
  }

  /** Returns a layer that mixes channels only, without bias: the first of a chain. */
  Module first(Matrix weights) {
    return mixing(weights, null);
  }

  /** Returns a layer that mixes channels only, with this layer's bias: the last of a chain. */
  Module last(Matrix weights) {
    return mixing(weights, bias);
  }

  private Module mixing(Matrix weights, Tensor biasOrNull) {
    if (kind == Kind.LINEAR) {
      Linear layer = new Linear(weights.columns(), weights.rows(), biasOrNull != null);
      fill(layer, layer.weight(), layer.bias(), weights, biasOrNull);
      return layer;
    }
    return conv(1, 1, ConvOptions.DEFAULT, 1, weights, biasOrNull);
  }

  /**
   * Returns a layer with this one's windows and no bias; for linear layers one that mixes.
   *
   * @param weights {@code [out, height · width · in/groups]}
   */
  Module windowed(Matrix weights, int groups) {
    return windowed(weights, groups, null);
  }

  /** Returns a layer with this one's windows and a bias, or null. */
  Module windowed(Matrix weights, int groups, Tensor biasOrNull) {
    return kind == Kind.LINEAR
        ? mixing(weights, biasOrNull)
        : conv(height, width, options, groups, weights, biasOrNull);
  }

  /** Returns a depthwise layer that slides over rows only, {@code [channels, height]}. */
  Module vertical(Matrix weights) {
    ConvOptions rows =
        new ConvOptions(
            options.strideHeight(),
            1,
            options.dilationHeight(),
            1,
            options.paddingHeight(),
            Padding.VALID,
            true);
    return conv(height, 1, rows, weights.rows(), weights, null);
  }

  /** Returns a depthwise layer that slides over columns only, {@code [channels, width]}. */
  Module horizontal(Matrix weights) {
    ConvOptions columns =
        new ConvOptions(
            1,
            options.strideWidth(),
            1,
            options.dilationWidth(),
            Padding.VALID,
            options.paddingWidth(),
            true);
    return conv(1, width, columns, weights.rows(), weights, null);
  }

  private Module conv(
      int rows, int columns, ConvOptions windows, int groups, Matrix weights, Tensor biasOrNull) {
    int outputs = weights.rows();
    int inputs = weights.columns() / (rows * columns) * groups;
    ConvConfig config =
        ConvConfig.kernel(rows, columns)
            .withGroups(groups)
            .withOptions(windows)
            .withPadMode(isPadded(windows) ? padMode : PadMode.ZERO)
            .withBias(biasOrNull != null);
    if (kind == Kind.SERIES) {
      Conv1d layer = new Conv1d(inputs, outputs, config);
      fill(layer, layer.weight(), layer.bias(), weights, biasOrNull);
      return layer;
    }
    Conv2d layer = new Conv2d(inputs, outputs, config);
    fill(layer, layer.weight(), layer.bias(), weights, biasOrNull);
    return layer;
  }

  private static boolean isPadded(ConvOptions windows) {
    return !windows.paddingHeight().equals(Padding.VALID)
        || !windows.paddingWidth().equals(Padding.VALID);
  }

  private void fill(
      Module layer, Parameter weightOf, Parameter biasOf, Matrix weights, Tensor biasOrNull) {
    layer.convert(dtype);
    weightOf.set(Tensor.of(weightOf.shape(), weights.values().clone()));
    if (biasOf != null) {
      biasOf.set(biasOrNull);
    }
  }
}
