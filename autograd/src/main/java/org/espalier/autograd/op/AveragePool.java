package org.espalier.autograd.op;

import org.espalier.autograd.Call;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.PoolGeometry;

/**
 * Average of each window (layers reference, section 5).
 *
 * @param dimensions 1 for x {@code [n, l, c]}, 2 for x {@code [n, h, w, c]}
 * @param height windows of the rows, not read with one dimension
 * @param width windows of the columns
 */
public record AveragePool(int dimensions, PoolWindow height, PoolWindow width) implements Pool {
  /** Creates the op; an average knows no dilation. */
  public AveragePool {
    if (height.step() != 1 || width.step() != 1) {
      throw new IllegalArgumentException(
          "average_pool: dilation must be 1, got " + height.step() + "x" + width.step());
    }
  }

  @Override
  public String name() {
    return Pool.name("average", this);
  }

  /** Returns where the windows lie on an input of this shape. */
  public PoolGeometry geometry(Shape x) {
    return Pool.geometry(this, x);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    KernelLookup.of(y).averagePool(geometry(in[0].shape()), in[0], y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    KernelLookup.of(dy).averagePoolGrad(geometry(dx.shape()), dy, dx);
    return new Tensor[] {dx};
  }

  @Override
  public Role role() {
    return Role.LINEAR;
  }
}
