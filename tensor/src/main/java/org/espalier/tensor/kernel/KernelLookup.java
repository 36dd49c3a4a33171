package org.espalier.tensor.kernel;

import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;

/** Chooses the kernel set of the process, once; placeholder to be completed. */
public final class KernelLookup {
  private KernelLookup() {}

  /** Returns the kernels for tensors of this type. */
  public static Kernels of(DType dtype) {
    throw new UnsupportedOperationException(dtype.toString());
  }

  /** Returns the kernels for tensors like this one. */
  public static Kernels of(Tensor tensor) {
    return of(tensor.dtype());
  }
}
