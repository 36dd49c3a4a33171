package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.Kernels;

/** Compares the scalar kernels with the reference. */
class ScalarKernelsTest extends KernelTwin {
  @Override
  Kernels kernels() {
    return new ScalarKernels();
  }
}
