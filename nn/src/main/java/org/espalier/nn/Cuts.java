package org.espalier.nn;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Span;

/** Cuts tensors along an axis. */
public final class Cuts {
  private Cuts() {}

  /**
   * Returns a new tensor with only the kept indices of an axis, in ascending order; the tensor is
   * not modified.
   */
  public static Tensor along(Tensor tensor, int axis, Indices keep) {
    Shape shape = tensor.shape();
    int normal = shape.axis(axis);
    if (shape.size(normal) != keep.size()) {
      throw new IllegalArgumentException(
          "cut: axis %d of %s has %d indices, the kept ones are out of %d"
              .formatted(normal, shape, shape.size(normal), keep.size()));
    }
    Tensor cut = Tensor.zeros(tensor.dtype(), shape.with(normal, keep.count()));
    if (tensor.dtype().isFloating()) {
      KernelLookup.of(tensor)
          .gather(tensor, Tensor.indices(keep.toArray()), Span.of(shape, normal, normal + 1), cut);
    } else {
      copyIndices(tensor, keep, Span.of(shape, normal, normal + 1), cut);
    }
    return cut;
  }

  private static void copyIndices(Tensor tensor, Indices keep, Span span, Tensor cut) {
    for (int o = 0; o < span.outer(); o++) {
      for (int k = 0; k < keep.count(); k++) {
        for (int i = 0; i < span.inner(); i++) {
          cut.set(
              (o * keep.count() + k) * span.inner() + i,
              tensor.get((o * span.middle() + keep.get(k)) * span.inner() + i));
        }
      }
    }
  }
}
