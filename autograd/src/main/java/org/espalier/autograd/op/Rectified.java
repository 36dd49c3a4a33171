package org.espalier.autograd.op;

import org.espalier.autograd.Call;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Unary;

/** Takes gradients back through a clamp that an op applies to its own output. */
final class Rectified {
  private Rectified() {}

  /** Returns dy where y lies strictly inside the interval, 0 elsewhere, to be released. */
  static Tensor gate(Call call, Clamp clamp, Tensor dy) {
    Tensor gated = call.scratch(dy.dtype(), dy.shape());
    var kernels = KernelLookup.of(dy);
    if (clamp.isRelu()) {
      kernels.unaryGrad(Unary.RELU, 0, 0, null, call.out(), dy, gated);
    } else {
      kernels.unaryGrad(Unary.HARD_TANH, clamp.low(), clamp.high(), call.out(), null, dy, gated);
    }
    return gated;
  }
}
