package org.espalier.autograd.op;

import org.espalier.autograd.Call;
import org.espalier.autograd.Coupling;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Span;

/**
 * Is what {@link Gather} and {@link Scatter} share: input 1 is a saved list of I32 numbers of
 * channels.
 */
sealed interface Indexed extends Op permits Gather, Scatter {
  /** Returns the number of axes behind the indexed one. */
  int inner();

  @Override
  default DType dtype(DType... inputs) {
    Checks.integers(name(), "index", inputs[1]);
    return Op.super.dtype(inputs);
  }

  @Override
  default Keep keep() {
    return Keep.NONE;
  }

  @Override
  default Role role() {
    return Role.ROUTE;
  }

  /** Refuses more axes behind than there are signatures for. */
  static void checkInner(String op, int inner, int signatures) {
    if (inner < 0 || inner >= signatures) {
      throw new ShapeException(
          op + ": at most " + (signatures - 1) + " axes may lie behind, got " + inner);
    }
  }

  /** Returns the number of the indexed axis. */
  static int along(Indexed op, Shape shape) {
    return shape.rank() - 1 - op.inner();
  }

  /** Returns the view whose middle is the indexed axis. */
  static Span span(Indexed op, Shape shape) {
    return Span.of(shape, along(op, shape), along(op, shape) + 1);
  }

  /** Keeps the index for the gradient; its numbers must be those of {@code channels}, or -1. */
  static void save(Indexed op, Tensor index, int channels, Saved saved) {
    Checks.indices(op.name(), index, channels);
    saved.tensor(DType.I32, index.shape()).copyFrom(index);
  }

  /** Ties all axes but the indexed one to each other. */
  static void coupleRest(Indexed op, Call call, Coupling coupling) {
    Shape shape = call.input(0).shape();
    for (int axis = 0; axis < shape.rank(); axis++) {
      if (axis != along(op, shape)) {
        coupling.tieAll(0, axis, Coupling.OUTPUT, axis, shape.size(axis));
      }
    }
  }
}
