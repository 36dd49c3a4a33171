package org.espalier.bench.peers;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** Prints an element of a product, by libtorch through DJL. */
public final class StartTorch {
  private StartTorch() {}

  /** Multiplies and prints. */
  public static void main(String[] arguments) {
    int n = StartInput.SIZE;
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      NDArray a = manager.create(StartInput.matrix(), new Shape(n, n));
      System.out.println(a.matMul(a).toFloatArray()[StartInput.PRINTED]);
    }
  }
}
