package org.espalier.autograd.op;

import org.espalier.autograd.Call;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.PoolGeometry;

/**
 * Largest value of each window; the first in scan order wins and takes the gradient (layers
 * reference, section 5). Saves the winners' positions, I32 of y's shape.
 *
 * @param dimensions 1 for x {@code [n, l, c]}, 2 for x {@code [n, h, w, c]}
 * @param height windows of the rows, not read with one dimension
 * @param width windows of the columns
 */
public record MaxPool(int dimensions, PoolWindow height, PoolWindow width) implements Pool {
  @Override
  public String name() {
    return Pool.name("max", this);
  }

  /** Returns where the windows lie on an input of this shape. */
  public PoolGeometry geometry(Shape x) {
    return Pool.geometry(this, x);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Tensor index = saved.tensor(DType.I32, y.shape());
    KernelLookup.of(y).maxPool(geometry(in[0].shape()), in[0], y, index);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    KernelLookup.of(dy).maxPoolGrad(geometry(dx.shape()), dy, call.saved(0), dx);
    return new Tensor[] {dx};
  }

  @Override
  public Role role() {
    return Role.ROUTE;
  }
}
