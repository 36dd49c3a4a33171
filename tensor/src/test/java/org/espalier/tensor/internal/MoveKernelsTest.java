package org.espalier.tensor.internal;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Span;
import org.junit.jupiter.api.Test;

/** Compares permutations and selections. */
class MoveKernelsTest extends KernelTwin {
  @Test
  void permutationsAgree() {
    int[][] shapes = {{7, 33, 19}, {64, 3, 100}, {2, 10, 43}};
    int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int[] shape : shapes) {
      Tensor x = draw(shape);
      for (int[] order : orders) {
        Shape permuted = Shape.of(shape[order[0]], shape[order[1]], shape[order[2]]);
        twin(1, permuted, (k, y) -> k.permute(x, order, y), x);
      }
    }
    Tensor four = draw(3, 5, 1, 17);
    twin(1, Shape.of(17, 3, 1, 5), (k, y) -> k.permute(four, new int[] {3, 0, 2, 1}, y), four);
    twin(1, Shape.of(5, 17, 3, 1), (k, y) -> k.permute(four, new int[] {1, 3, 0, 2}, y), four);
    Tensor scalar = draw();
    twin(1, Shape.scalar(), (k, y) -> k.permute(scalar, new int[0], y), scalar);
    kernels().permute(Tensor.zeros(0, 4), new int[] {1, 0}, Tensor.zeros(4, 0));
  }

  @Test
  void gatherAndScatterAgree() {
    Tensor index = Tensor.indices(4, -1, 0, 2, 4, 4);
    for (int inner : AWKWARD) {
      for (int outer : new int[] {1, 3, 40}) {
        Span span = new Span(outer, 5, inner);
        Tensor x = draw(outer, 5, inner);
        Tensor many = draw(outer, 6, inner);
        twin(1, many.shape(), (k, y) -> k.gather(x, index, span, y), x, index);
        twin(3, x.shape(), (k, y) -> k.scatterAdd(many, index, span, y), many, index);
      }
    }
  }
}
