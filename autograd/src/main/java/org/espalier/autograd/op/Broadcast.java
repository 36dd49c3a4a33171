package org.espalier.autograd.op;

import org.espalier.autograd.Call;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Span;
import org.espalier.tensor.kernel.Unary;

/** Repeats a companion vector over the middle of a span. */
final class Broadcast {
  private Broadcast() {}

  /** Computes {@code y[o,m,i] = x[o,i]}. */
  static void repeat(Tensor x, Span span, Tensor y) {
    y.fill(0);
    KernelLookup.of(y).binary(Binary.ADD, y, x, span, y);
  }

  /** Returns {@code dx[o,m,i] = factor · dy[o,i]}, of input 0's shape. */
  static Tensor spread(Call call, Tensor dy, double factor, Span span) {
    Tensor dx = call.like(0);
    if (factor == 1) {
      repeat(dy, span, dx);
    } else {
      Tensor scaled = call.scratch(dy.dtype(), dy.shape());
      KernelLookup.of(dy).unary(Unary.AFFINE, factor, 0, dy, scaled);
      repeat(scaled, span, dx);
      call.release(scaled);
    }
    return dx;
  }
}
