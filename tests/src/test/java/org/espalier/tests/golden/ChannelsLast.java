package org.espalier.tests.golden;

import java.util.stream.IntStream;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Moves axis 1 of the golden files' tensors to the end and back: activations {@code [n, c, h, w]}
 * as well as convolution weights {@code [out, in, kh, kw]}. Tensors of up to two axes stay as they
 * are.
 */
final class ChannelsLast {
  private ChannelsLast() {}

  /** Returns {@code [n, h, w, c]} for {@code [n, c, h, w]}. */
  static Tensor of(Tensor first) {
    int rank = first.shape().rank();
    return permuted(
        first, IntStream.range(0, rank).map(j -> j == 0 ? 0 : j == rank - 1 ? 1 : j + 1).toArray());
  }

  /** Returns {@code [n, c, h, w]} for {@code [n, h, w, c]}. */
  static Tensor undo(Tensor last) {
    int rank = last.shape().rank();
    return permuted(
        last, IntStream.range(0, rank).map(j -> j == 0 ? 0 : j == 1 ? rank - 1 : j - 1).toArray());
  }

  private static Tensor permuted(Tensor x, int[] order) {
    Shape shape = x.shape();
    int rank = shape.rank();
    if (rank < 3) {
      return x.copy();
    }
    int[] sizes = IntStream.of(order).map(shape::size).toArray();
    Tensor y = Tensor.zeros(x.dtype(), Shape.of(sizes));
    for (int at = 0; at < y.count(); at++) {
      int source = 0;
      int rest = at;
      for (int axis = rank - 1; axis >= 0; axis--) {
        source += rest % sizes[axis] * shape.count(order[axis] + 1, rank);
        rest /= sizes[axis];
      }
      y.set(at, x.get(source));
    }
    return y;
  }

  /** Returns a tensor of the case, channels last. */
  static Tensor of(GoldenCase golden, String key, DType dtype) {
    return of(golden.tensor(key, dtype));
  }
}
