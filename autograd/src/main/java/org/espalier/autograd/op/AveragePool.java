package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Call;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Average of each window (layers reference, section 5).
 *
 * @param dimensions 1 for x {@code [n, l, c]}, 2 for x {@code [n, h, w, c]}
 * @param height windows of the rows, not read with one dimension
 * @param width windows of the columns
 */
public record AveragePool(int dimensions, PoolWindow height, PoolWindow width) implements Op {
  /** Creates the op; an average knows no dilation. */
  public AveragePool {
    if (height.step() != 1 || width.step() != 1) {
      throw new IllegalArgumentException(
          "average_pool: dilation must be 1, got " + height.step() + "x" + width.step());
    }
  }

  @Override
  public String name() {
    return Pools.name("average", dimensions, width);
  }

  @Override
  public Axes axes(Shape... inputs) {
    return Pools.axes(this, dimensions, inputs);
  }

  @Override
  public int size(String letter) {
    return Pools.size(letter, height, width);
  }

  @Override
  public int window(String letter, int input, int kernel) {
    return (letter.equals("y") ? height : width).output(name(), input);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    KernelLookup.of(y)
        .averagePool(Pools.geometry(in[0].shape(), dimensions, height, width), in[0], y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    KernelLookup.of(dy)
        .averagePoolGrad(Pools.geometry(dx.shape(), dimensions, height, width), dy, dx);
    return new Tensor[] {dx};
  }

  @Override
  public Keep keep() {
    return Keep.NONE;
  }

  @Override
  public Role role() {
    return Role.LINEAR;
  }
}
