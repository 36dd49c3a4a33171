package org.espalier.sparse.prune;

import org.espalier.nn.Parameter;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Span;

/** Works on indices of one axis of a tensor. */
final class Slices {
  /** Takes the elements of a slice. */
  @FunctionalInterface
  interface Visitor {
    void visit(int element);
  }

  private Slices() {}

  /** Visits all elements that lie at one index of an axis. */
  static void visit(Tensor tensor, int axis, int index, Visitor visitor) {
    Span span = Span.of(tensor.shape(), axis, axis + 1);
    for (int outer = 0; outer < span.outer(); outer++) {
      int from = (outer * span.middle() + index) * span.inner();
      for (int inner = 0; inner < span.inner(); inner++) {
        visitor.visit(from + inner);
      }
    }
  }

  /** Sets the effective value to zero at some indices; slots are left alone. */
  static void zero(Parameter parameter, int axis, int... indices) {
    if (parameter.parametrizations().isEmpty()) {
      parameter.update(raw -> zero(raw, axis, indices));
    } else {
      Tensor value = parameter.value().copy();
      zero(value, axis, indices);
      parameter.set(value);
    }
  }

  /** Sets a tensor to zero at some indices of an axis. */
  static void zero(Tensor tensor, int axis, int... indices) {
    for (int index : indices) {
      visit(tensor, axis, index, element -> tensor.set(element, 0));
    }
  }

  /** Tells whether every element at one index is exactly zero. */
  static boolean isZero(Tensor tensor, int axis, int index) {
    boolean[] zero = {true};
    visit(tensor, axis, index, element -> zero[0] &= tensor.get(element) == 0);
    return zero[0];
  }
}
