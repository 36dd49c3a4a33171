package org.espalier.tensor.kernel;

import org.espalier.tensor.DType;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.Tensor;

/** Chooses the kernel set of the process, once. */
public final class KernelLookup {
  private KernelLookup() {}

  /** Returns the kernels for tensors of this type; F64 is served by the reference set. */
  public static Kernels of(DType dtype) {
    if (!dtype.isFloating()) {
      throw new DTypeException(
          "kernels: no arithmetic on " + dtype + ", expected F32 or F64; convert with to(F32)");
    }
    return dtype == DType.F64 ? Reference.KERNELS : Scalar.KERNELS;
  }

  /** Returns the kernels for tensors like this one. */
  public static Kernels of(Tensor tensor) {
    return of(tensor.dtype());
  }

  /** Returns a new kernel set; by class name, so that this package does not import the sets. */
  private static Kernels load(String simpleName) {
    try {
      return (Kernels)
          Class.forName("org.espalier.tensor.internal." + simpleName)
              .getDeclaredConstructor()
              .newInstance();
    } catch (ReflectiveOperationException failure) {
      throw new LinkageError("kernels: " + simpleName + " cannot be loaded", failure);
    }
  }

  private static final class Scalar {
    static final Kernels KERNELS = load("ScalarKernels");
  }

  private static final class Reference {
    static final Kernels KERNELS = load("ReferenceKernels");
  }
}
