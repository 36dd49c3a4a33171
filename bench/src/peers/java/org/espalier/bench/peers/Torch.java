package org.espalier.bench.peers;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Arrays;
import java.util.List;

/** Reaches libtorch through DJL. */
final class Torch {
  private Torch() {}

  /**
   * Loads libtorch and lets calls from this thread use so many threads; the number belongs to the
   * calling thread, others would get one for each processor.
   */
  static void start(int threads) {
    Engine engine = Engine.getEngine("PyTorch");
    if (engine == null) {
      throw new IllegalStateException("compare: libtorch did not load through DJL");
    }
    JniUtils.setNumThreads(threads);
  }

  /** A side in libtorch, with a manager that owns its arrays. */
  abstract static class TorchSide implements Side {
    private final NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
    private NDArray result;

    /** Returns a new array. */
    protected final NDArray array(float[] values, long... sizes) {
      return manager.create(values, new Shape(sizes));
    }

    /** Keeps the result of a run; frees that of the run before. */
    protected final void keep(NDArray next) {
      if (result != null) {
        result.close();
      }
      result = next;
    }

    /** Returns the manager that owns the arrays of this side. */
    protected final NDManager manager() {
      return manager;
    }

    @Override
    public List<float[]> outputs() {
      return List.of(result.toFloatArray());
    }

    @Override
    public void close() {
      manager.close();
    }
  }

  /** Returns the convolution of libtorch, channels first; the bias may be null. */
  static NDArray convolution(
      NDArray x, NDArray weight, NDArray bias, Shape stride, Shape pad, int groups) {
    long[] ones = new long[stride.dimension()];
    Arrays.fill(ones, 1);
    return JniUtils.convolution(
        (PtNDArray) x, (PtNDArray) weight, (PtNDArray) bias, stride, pad, new Shape(ones), groups);
  }

  /** Returns the same numbers, owned by a pass: so is all that is computed from them. */
  static NDArray detached(NDArray array, NDManager pass) {
    NDArray same = JniUtils.detachGradient((PtNDArray) array);
    same.attach(pass);
    return same;
  }

  /** Returns the same numbers as a fresh leaf of a pass: no old gradient has to be set to zero. */
  static NDArray leaf(NDArray array, NDManager pass) {
    NDArray leaf = detached(array, pass);
    leaf.setRequiresGradient(true);
    return leaf;
  }

  /** Returns the mean cross entropy of logits {@code [n, c]} and classes {@code [n, 1]}. */
  static NDArray crossEntropy(NDArray logits, NDArray classes) {
    return logits.logSoftmax(1).gather(classes, 1).mean().neg();
  }

  /** Lets the calling thread record what gradients need, or not. */
  static void record(boolean on) {
    JniUtils.setGradMode(on);
  }

  /** Walks back from {@code y} with the upstream gradient {@code dy}; frees the graph. */
  static void backward(NDArray y, NDArray dy) {
    JniUtils.backward((PtNDArray) y, (PtNDArray) dy, false, false);
  }
}
