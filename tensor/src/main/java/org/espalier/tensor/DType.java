package org.espalier.tensor;

/** Names the element types: F32 computes, F64 proves, I8 and I32 store codes and indices. */
public enum DType {
  /** 32-bit IEEE float: trains and infers. */
  F32(4),
  /** 64-bit IEEE float: the oracle of the gradient checks, served by the reference kernels only. */
  F64(8),
  /** 8-bit signed integer: quantised storage. */
  I8(1),
  /** 32-bit signed integer: indices and integer accumulators. */
  I32(4);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Returns the bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** Tells whether values of this type can carry a gradient. */
  public boolean isFloating() {
    return this == F32 || this == F64;
  }
}
