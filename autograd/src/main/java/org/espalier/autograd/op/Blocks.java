package org.espalier.autograd.op;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Copies runs of elements between tensors of one type. */
final class Blocks {
  private Blocks() {}

  /** Copies {@code length} neighbouring elements. */
  static void copy(Tensor from, int fromStart, Tensor to, int toStart, int length) {
    System.arraycopy(array(from), fromStart, array(to), toStart, length);
  }

  /**
   * Copies all of indices {@code fromIndex} to {@code fromIndex + count} of an axis to {@code
   * toIndex} and behind; the tensors agree in all other axes.
   */
  static void copyAlong(int axis, Tensor from, int fromIndex, Tensor to, int toIndex, int count) {
    Shape shape = from.shape();
    int along = shape.axis(axis);
    int inner = shape.count(along + 1, shape.rank());
    int rows = shape.count(0, along);
    int fromStep = shape.size(along) * inner;
    int toStep = to.shape().size(along) * inner;
    Object source = array(from);
    Object target = array(to);
    for (int r = 0; r < rows; r++) {
      int start = r * fromStep + fromIndex * inner;
      System.arraycopy(source, start, target, r * toStep + toIndex * inner, count * inner);
    }
  }

  private static Object array(Tensor tensor) {
    return switch (tensor.dtype()) {
      case F32 -> tensor.f32();
      case F64 -> tensor.f64();
      case I8 -> tensor.i8();
      case I32 -> tensor.i32();
    };
  }
}
