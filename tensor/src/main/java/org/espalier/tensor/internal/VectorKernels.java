package org.espalier.tensor.internal;

/**
 * Computes F32 with the Vector API where measurements show that it beats the plain loops it
 * inherits.
 */
public final class VectorKernels extends ScalarKernels {
  /** Creates the set; it has no state. */
  public VectorKernels() {}

  @Override
  public String name() {
    return "vector";
  }
}
