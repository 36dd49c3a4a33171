package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;

/** Matrix product {@code y = a·b} of the last two axes, one for each position of the others. */
public record MatMul() implements Op {
  private static final AxisSpec AXES = AxisSpec.of("a: ... m k, b: ... k n -> ... m n");

  @Override
  public String name() {
    return "matmul";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    product(false, in[0], false, in[1], y, saved::scratch);
  }

  /** {@code da = dy·bᵀ}, {@code db = aᵀ·dy}. */
  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor da = call.needs(0) ? call.like(0) : null;
    Tensor db = call.needs(1) ? call.like(1) : null;
    if (da != null) {
      product(false, dy, true, call.in(1), da, call::scratch);
    }
    if (db != null) {
      product(true, call.in(0), false, dy, db, call::scratch);
    }
    return new Tensor[] {da, db};
  }

  @FunctionalInterface
  private interface Lender {
    Tensor take(DType dtype, Shape shape);
  }

  private static void product(
      boolean transposeA, Tensor a, boolean transposeB, Tensor b, Tensor y, Lender lender) {
    int m = y.shape().size(-2);
    int n = y.shape().size(-1);
    int k = a.shape().size(transposeA ? -2 : -1);
    int batch = y.count() / (m * n);
    var kernels = KernelLookup.of(y);
    if (batch == 1) {
      kernels.gemm(transposeA, transposeB, m, n, k, a, b, null, false, y);
      return;
    }
    // The kernel multiplies whole tensors: one matrix at a time is copied out and back.
    Tensor left = lender.take(y.dtype(), Shape.of(m, k));
    Tensor right = lender.take(y.dtype(), Shape.of(k, n));
    Tensor result = lender.take(y.dtype(), Shape.of(m, n));
    for (int i = 0; i < batch; i++) {
      Blocks.copy(a, i * m * k, left, 0, m * k);
      Blocks.copy(b, i * k * n, right, 0, k * n);
      kernels.gemm(transposeA, transposeB, m, n, k, left, right, null, false, result);
      Blocks.copy(result, 0, y, i * m * n, m * n);
    }
  }

  @Override
  public Role role() {
    return Role.LINEAR;
  }
}
