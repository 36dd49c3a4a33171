package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Kernels;

/** Compares the vector kernels with the reference, where the Vector API is there. */
class VectorKernelsTest extends KernelTwin {
  @Override
  Kernels kernels() {
    assumeTrue(
        ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
        "skipped: no vector kernels without --add-modules jdk.incubator.vector");
    return KernelLookup.named("vector");
  }
}
