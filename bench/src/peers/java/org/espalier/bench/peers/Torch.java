package org.espalier.bench.peers;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;

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

    /** Returns what was kept last. */
    protected final NDArray kept() {
      return result;
    }

    @Override
    public float[] output() {
      return result.toFloatArray();
    }

    @Override
    public void close() {
      manager.close();
    }
  }

  /** Returns the convolution of libtorch; channels first. */
  static NDArray convolution(NDArray x, NDArray weight, int stride, int pad, int groups) {
    return JniUtils.convolution(
        (PtNDArray) x,
        (PtNDArray) weight,
        null,
        new Shape(stride, stride),
        new Shape(pad, pad),
        new Shape(1, 1),
        groups);
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
