package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Call;
import org.espalier.autograd.Coupling;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/**
 * Puts any number of tensors one behind the other along an axis; the other axes must agree.
 *
 * @param axis the axis; negative counts from the end
 */
public record Concat(int axis) implements Move {
  @Override
  public String name() {
    return "concat";
  }

  @Override
  public Axes axes(Shape... inputs) {
    if (inputs.length == 0) {
      throw new ShapeException("concat: needs at least one input");
    }
    Shape first = inputs[0];
    Checks.axis(name(), axis, first);
    int sum = 0;
    for (int i = 0; i < inputs.length; i++) {
      boolean fits = inputs[i].rank() == first.rank();
      if (!fits || !inputs[i].with(axis, 0).equals(first.with(axis, 0))) {
        throw new ShapeException(
            "concat: input %d %s must equal input 0 %s but for axis %d"
                .formatted(i, inputs[i], first, first.axis(axis)));
      }
      sum += inputs[i].size(axis);
    }
    return Axes.custom(this, first.with(axis, sum), inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    int at = 0;
    for (Tensor x : in) {
      Blocks.copyAlong(axis, x, 0, y, at, x.shape().size(axis));
      at += x.shape().size(axis);
    }
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor[] parts = new Tensor[call.inputCount()];
    int at = 0;
    for (int i = 0; i < parts.length; i++) {
      int size = call.input(i).shape().size(axis);
      if (call.needs(i)) {
        parts[i] = call.like(i);
        Blocks.copyAlong(axis, dy, at, parts[i], 0, size);
      }
      at += size;
    }
    return parts;
  }

  /** Ties index k of input i to k plus the sizes of the inputs before. */
  @Override
  public void couple(Call call, Coupling coupling) {
    Shape output = call.axes().output();
    int along = output.axis(axis);
    int offset = 0;
    for (int i = 0; i < call.inputCount(); i++) {
      for (int other = 0; other < output.rank(); other++) {
        int from = other == along ? offset : 0;
        for (int k = 0; k < call.input(i).shape().size(other); k++) {
          coupling.tie(i, other, k, Coupling.OUTPUT, other, from + k);
        }
      }
      offset += call.input(i).shape().size(along);
    }
  }
}
