package org.espalier.autograd;

import java.util.ArrayList;
import java.util.List;
import org.espalier.tensor.DType;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Is an op and what it is applied to, before it runs: answers what follows from the inputs alone,
 * and says where they came from when the op refuses them.
 *
 * @param op the op
 * @param inputs its inputs, null where an optional one is absent
 */
record Application(Op op, Var[] inputs) {
  /**
   * A gradient would get lost on the way to another pass; a value that wants none is a constant.
   */
  void checkTape(Tape tape) {
    for (Var input : inputs) {
      if (input != null && input.needsGradient() && input.tape() != tape) {
        throw new StateException(
            op.name()
                + ": an input belongs to another pass, and its gradient would get lost there");
      }
    }
  }

  Axes axes() {
    Shape[] shapes = new Shape[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      shapes[i] = inputs[i] == null ? null : inputs[i].shape();
    }
    return op.axes(shapes);
  }

  DType dtype() {
    DType[] types = new DType[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      types[i] = inputs[i] == null ? null : inputs[i].dtype();
    }
    return op.dtype(types);
  }

  boolean needsGradient() {
    for (Var input : inputs) {
      if (input != null && input.needsGradient()) {
        return true;
      }
    }
    return false;
  }

  Tensor[] values() {
    Tensor[] values = new Tensor[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      values[i] = inputs[i] == null ? null : inputs[i].value();
    }
    return values;
  }

  /** Returns a refusal of the same type that tells the scope too. */
  IllegalArgumentException located(IllegalArgumentException e, String scope) {
    String where = where(e, scope);
    if (where.isEmpty()) {
      return e;
    }
    String message = e.getMessage() + " (" + where + ")";
    return e instanceof ShapeException
        ? new ShapeException(message)
        : e instanceof DTypeException
            ? new DTypeException(message)
            : new IllegalArgumentException(message, e);
  }

  /** Tells the scope, and where shapes of several made values disagree, who made them. */
  private String where(IllegalArgumentException e, String scope) {
    String at = scope.isEmpty() ? "" : "at " + scope;
    List<String> makers = new ArrayList<>();
    for (Var input : inputs) {
      if (input != null && input.call() != null && !input.call().scope().isEmpty()) {
        makers.add(input.call().scope());
      }
    }
    if (!(e instanceof ShapeException) || makers.size() < 2) {
      return at;
    }
    return (at.isEmpty() ? "" : at + "; ") + "inputs made at " + String.join(" and ", makers);
  }
}
