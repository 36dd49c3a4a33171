package org.espalier.autograd;

import org.espalier.tensor.DType;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * States one differentiable operation as an immutable value; implementations are records and hold
 * no tensors.
 *
 * <p>From these answers alone come shape checks, forward, gradient, cost, channel coupling,
 * relevance and the op table's tests. Inputs may be null where the axis signature marks them
 * optional.
 */
public interface Op {
  /** Returns the op's name, lower case with underscores, as messages and tables print it. */
  String name();

  /**
   * Binds the axis signature to input shapes; throws {@link org.espalier.tensor.ShapeException}
   * where they do not fit.
   */
  Axes axes(Shape... inputs);

  /** Computes y, all of it: y comes dirty. Inputs are not modified. */
  void forward(Tensor[] inputs, Tensor y, Saved saved);

  /**
   * Computes the vector-Jacobian product: for each input with {@code call.needs(i)} the gradient,
   * else null. A result may be {@code dy} itself or share its buffer.
   */
  Tensor[] vjp(Call call, Tensor dy);

  /** Returns what relevance may do here. */
  default Role role() {
    return Role.OPAQUE;
  }

  /** Returns what {@link #vjp} reads again. */
  default Keep keep() {
    return Keep.INPUTS;
  }

  /**
   * Returns the output's element type, by default that of the first input; floating inputs must
   * agree.
   */
  default DType dtype(DType... inputs) {
    for (int i = 1; i < inputs.length; i++) {
      if (inputs[i] != null && inputs[i].isFloating() && inputs[i] != inputs[0]) {
        throw new DTypeException(
            "%s: input %d is %s, expected %s like input 0; convert with to(%s)"
                .formatted(name(), i, inputs[i], inputs[0], inputs[0]));
      }
    }
    return inputs[0];
  }

  /**
   * Returns the size of a letter that no input shows (a pooling window, a repeated axis), or -1.
   */
  default int size(String letter) {
    return -1;
  }

  /**
   * Returns the output size of a window axis {@code letter+kernel} from the input's size and the
   * kernel's.
   */
  default int window(String letter, int inputSize, int kernelSize) {
    throw new IllegalStateException(name() + " has no window axis '" + letter + "'");
  }

  /**
   * Returns a tensor of the output's shape over an input's buffer where the op only changes sizes,
   * else null.
   */
  default Tensor alias(Tensor[] inputs, Shape output) {
    return null;
  }

  /** Returns the cost of one call; by default read off the axes. */
  default Cost cost(Axes axes) {
    return Cost.of(this, axes);
  }

  /** Ties the indices that must be cut together; by default read off the axes. */
  default void couple(Call call, Coupling coupling) {
    call.axes().couple(coupling);
  }
}
