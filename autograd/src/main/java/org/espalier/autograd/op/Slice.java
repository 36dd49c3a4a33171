package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Call;
import org.espalier.autograd.Coupling;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/**
 * Elements {@code from} (inclusive) to {@code to} (exclusive) along an axis; the others get
 * gradient 0.
 *
 * <p>Its numbers would be wrong after a cut of that axis, so it pins it; where channels may be
 * pruned, select them by {@link Gather}, whose numbers are data.
 *
 * @param axis the axis; negative counts from the end
 * @param from first element
 * @param to end of the elements
 */
public record Slice(int axis, int from, int to) implements Move {
  @Override
  public String name() {
    return "slice";
  }

  @Override
  public Axes axes(Shape... inputs) {
    Checks.axis(name(), axis, inputs[0]);
    int size = inputs[0].size(axis);
    if (from < 0 || to <= from || to > size) {
      throw new ShapeException(
          "slice: [%d, %d) must be a part of axis %d of 'x' %s, which has %d elements"
              .formatted(from, to, inputs[0].axis(axis), inputs[0], size));
    }
    return Axes.custom(this, inputs[0].with(axis, to - from), inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Blocks.copyAlong(axis, in[0], from, y, 0, to - from);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0).fill(0);
    Blocks.copyAlong(axis, dy, 0, dx, from, to - from);
    return new Tensor[] {dx};
  }

  /** Ties index {@code from + k} of x to k of the output, and pins the sliced axis. */
  @Override
  public void couple(Call call, Coupling coupling) {
    Shape x = call.input(0).shape();
    Shape output = call.axes().output();
    int along = x.axis(axis);
    for (int other = 0; other < x.rank(); other++) {
      int shift = other == along ? from : 0;
      for (int k = 0; k < output.size(other); k++) {
        coupling.tie(0, other, shift + k, Coupling.OUTPUT, other, k);
      }
    }
    for (int k = 0; k < x.size(along); k++) {
      coupling.pin(0, along, k, "slice counts its elements; select by gather to prune them");
    }
  }
}
