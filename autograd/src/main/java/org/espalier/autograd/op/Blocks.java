package org.espalier.autograd.op;

import org.espalier.tensor.Tensor;

/** Copies runs of elements between tensors of one type. */
final class Blocks {
  private Blocks() {}

  private static Object array(Tensor tensor) {
    return switch (tensor.dtype()) {
      case F32 -> tensor.f32();
      case F64 -> tensor.f64();
      case I8 -> tensor.i8();
      case I32 -> tensor.i32();
    };
  }

  /**
   * Copies {@code rows} runs of {@code length} elements; run r starts at {@code fromStart +
   * r·fromStep} in one tensor and {@code toStart + r·toStep} in the other.
   */
  static void copy(
      Tensor from,
      int fromStart,
      int fromStep,
      Tensor to,
      int toStart,
      int toStep,
      int rows,
      int length) {
    Object source = array(from);
    Object target = array(to);
    for (int r = 0; r < rows; r++) {
      System.arraycopy(source, fromStart + r * fromStep, target, toStart + r * toStep, length);
    }
  }
}
