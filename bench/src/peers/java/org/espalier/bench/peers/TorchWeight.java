package org.espalier.bench.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import org.espalier.nn.Parameter;

/**
 * The copy of one of our parameters in libtorch: ours {@code [out, pixels, channels]} is theirs
 * {@code [out, channels, pixels]}.
 */
final class TorchWeight {
  private final Parameter parameter;
  private final int out;
  private final int pixels;
  private final int channels;
  private final NDArray value;
  private NDArray velocity;
  private NDArray leaf;

  /**
   * Copies a parameter.
   *
   * @param pixels taps of a kernel, or pixels of the map that was flattened in front of a linear
   *     layer; 1 for all else
   * @param shape sizes in libtorch
   */
  TorchWeight(Parameter parameter, int pixels, Shape shape, NDManager manager) {
    this.parameter = parameter;
    this.out = parameter.shape().size(0);
    this.pixels = pixels;
    this.channels = parameter.shape().count() / out / pixels;
    this.value =
        manager.create(Noise.exchange(parameter.value().f32(), out, pixels, channels), shape);
  }

  Parameter parameter() {
    return parameter;
  }

  /** Begins a pass that wants the gradient. */
  void watch(NDManager pass) {
    leaf = Torch.leaf(value, pass);
  }

  /** Returns what layers compute with: the leaf of the pass, or the value outside training. */
  NDArray now() {
    return leaf == null ? value : leaf;
  }

  /** Returns the gradient of the last pass, in our order. */
  float[] gradient() {
    try (NDArray gradient = leaf.getGradient()) {
      return Noise.exchange(gradient.toFloatArray(), out, channels, pixels);
    }
  }

  /** Takes a step: {@code v ← momentum·v + rate·g, w ← w - v}. */
  void descend(float rate, float momentum) {
    if (velocity == null) {
      velocity = value.zerosLike();
    }
    try (NDArray gradient = leaf.getGradient()) {
      JniUtils.sgdUpdate(
          (PtNDArray) value, (PtNDArray) gradient, (PtNDArray) velocity, rate, 0, 1, 0, momentum);
    }
  }
}
