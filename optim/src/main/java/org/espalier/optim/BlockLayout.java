package org.espalier.optim;

import org.espalier.nn.Parameter;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Says where the numbers of a weight stand in the rows that meet the matrices of its inputs.
 *
 * <p>A matrix belongs to a group of a convolution, or, block-diagonally, to one input channel of
 * one. A packed row holds one output of every group, group behind group; within a full block the
 * order is that of the weight, {@code taps, channels}, with the bias last.
 *
 * @param groups groups of the convolution, 1 for others
 * @param outputs outputs of a group
 * @param taps kernel positions, 1 for a linear layer
 * @param channels input channels of a group
 * @param bias whether each block ends with the constant input of the bias
 * @param perChannel whether each input channel has a matrix of its own
 */
record BlockLayout(
    int groups, int outputs, int taps, int channels, boolean bias, boolean perChannel) {
  /** Returns the layout of a layer's weight. */
  static BlockLayout of(LinearLayer layer, boolean perChannel) {
    Shape shape = layer.weight().shape();
    return new BlockLayout(
        layer.groups(),
        shape.size(0) / layer.groups(),
        shape.count(1, shape.rank() - 1),
        shape.size(-1),
        layer.biased() && !perChannel,
        perChannel);
  }

  /** Returns the layout of a bias that is alone: a block whose one input is constant. */
  static BlockLayout ofBias(int outputs) {
    return new BlockLayout(1, outputs, 0, 0, true, false);
  }

  /** Returns the number of matrices. */
  int blocks() {
    return perChannel ? groups * channels : groups;
  }

  /** Returns the number of rows of a matrix. */
  int size() {
    return perChannel ? taps : taps * channels + (bias ? 1 : 0);
  }

  /** Returns the length of a packed row. */
  int width() {
    return blocks() * size();
  }

  /** Returns the shape of all matrices. */
  Shape matrices() {
    return Shape.of(blocks(), size(), size());
  }

  /** Returns the block that an input belongs to. */
  int block(int group, int channel) {
    return perChannel ? group * channels + channel : group;
  }

  /** Returns where an input stands in a packed row. */
  int at(int group, int tap, int channel) {
    int start = group * (width() / groups);
    return perChannel ? start + channel * taps + tap : start + tap * channels + channel;
  }

  /** Returns where the constant input of a group stands. */
  int biasAt(int group) {
    return group * size() + taps * channels;
  }

  /** Writes the first rows of x: the weight's numbers and those of the bias; either may be null. */
  void pack(Tensor weight, Tensor biases, Tensor x) {
    for (int row = 0; row < outputs; row++) {
      for (int group = 0; group < groups; group++) {
        int output = group * outputs + row;
        if (taps > 0) {
          packOutput(weight, output, x, row * width(), group);
        }
        if (bias) {
          x.set(row * width() + biasAt(group), biases == null ? 0 : biases.get(output));
        }
      }
    }
  }

  private void packOutput(Tensor weight, int output, Tensor x, int start, int group) {
    int from = output * taps * channels;
    if (!perChannel) {
      System.arraycopy(array(weight), from, array(x), start + at(group, 0, 0), taps * channels);
      return;
    }
    for (int tap = 0; tap < taps; tap++) {
      for (int channel = 0; channel < channels; channel++) {
        x.set(start + at(group, tap, channel), weight.get(from + tap * channels + channel));
      }
    }
  }

  /**
   * Reads the rows of y back, each block times its factor.
   *
   * @param weight written completely, null if there is none
   * @param biases written completely, null if there are none
   */
  void unpack(Tensor y, double[] factors, Tensor weight, Tensor biases) {
    for (int row = 0; row < outputs; row++) {
      for (int group = 0; group < groups; group++) {
        int output = group * outputs + row;
        if (weight != null) {
          unpackOutput(y, row * width(), factors, weight, output, group);
        }
        if (biases != null) {
          biases.set(output, factors[group] * y.get(row * width() + biasAt(group)));
        }
      }
    }
  }

  private void unpackOutput(
      Tensor y, int start, double[] factors, Tensor weight, int output, int group) {
    int to = output * taps * channels;
    if (!perChannel && y.dtype() == DType.F32) {
      scale(y.f32(), start + at(group, 0, 0), (float) factors[group], weight.f32(), to);
      return;
    }
    for (int tap = 0; tap < taps; tap++) {
      for (int channel = 0; channel < channels; channel++) {
        double factor = factors[block(group, channel)];
        weight.set(to + tap * channels + channel, factor * y.get(start + at(group, tap, channel)));
      }
    }
  }

  private void scale(float[] y, int from, float factor, float[] weight, int to) {
    for (int i = 0; i < taps * channels; i++) {
      weight[to + i] = factor * y[from + i];
    }
  }

  private static Object array(Tensor tensor) {
    return tensor.dtype() == DType.F64 ? tensor.f64() : tensor.f32();
  }

  /** Returns the layout of matrices that stand in a slot already, of a weight of this shape. */
  static BlockLayout of(Parameter weight, Shape matrices, boolean perChannel) {
    Shape shape = weight.shape();
    int channels = shape.size(-1);
    int taps = shape.count(1, shape.rank() - 1);
    int groups = perChannel ? matrices.size(0) / channels : matrices.size(0);
    boolean bias = !perChannel && matrices.size(1) == taps * channels + 1;
    return new BlockLayout(
        groups, shape.size(0) / Math.max(1, groups), taps, channels, bias, perChannel);
  }
}
