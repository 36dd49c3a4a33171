package org.espalier.autograd.op;

import org.espalier.autograd.Gradients;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Op;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.tensor.Random;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Holds the result of one run of an op: the output and the gradient of each input, null where none
 * is wanted.
 */
record Run(Tensor output, Tensor[] gradients) {
  /** Runs forward only. */
  static Tensor forward(Op op, Tensor... inputs) {
    try (Tape tape = Tape.open(Mode.INFER, Workspace.poisoned())) {
      Var[] vars = new Var[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        vars[i] = inputs[i] == null ? null : tape.constant(inputs[i]);
      }
      return tape.apply(op, vars).value().copy();
    }
  }

  /** Runs a row forward and backward on dirty memory; input {@code without} needs no gradient. */
  static Run of(Row row, Tensor[] inputs, Tensor seed, int without) {
    try (Tape tape = Tape.open(Mode.TRAIN, Workspace.poisoned())) {
      Var[] vars = new Var[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        if (inputs[i] != null) {
          vars[i] = tape.input(inputs[i], row.inputs.get(i).differentiable() && i != without);
        }
      }
      Var y = tape.apply(row.op, vars);
      return new Run(y.value().copy(), gradients(y, seed, vars));
    }
  }

  /**
   * Runs a row like {@link #of}, but every value was made by the pass and is released after the
   * call: what the op does not keep is gone when the gradient is computed.
   */
  static Run released(Row row, Tensor[] inputs, Tensor seed) {
    try (Tape tape = Tape.open(Mode.TRAIN, Workspace.poisoned())) {
      Var[] leaves = new Var[inputs.length];
      Var[] vars = new Var[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        if (inputs[i] != null) {
          leaves[i] = tape.input(inputs[i], row.inputs.get(i).differentiable());
          vars[i] = tape.apply(new Concat(0), leaves[i]);
        }
      }
      Var y = tape.apply(row.op, vars);
      Tensor output = y.value().copy();
      for (Var var : vars) {
        if (var != null) {
          tape.release(var);
        }
      }
      tape.release(y);
      return new Run(output, gradients(y, seed, leaves));
    }
  }

  private static Tensor[] gradients(Var y, Tensor seed, Var[] vars) {
    Tensor[] gradients = new Tensor[vars.length];
    if (y.needsGradient()) {
      Gradients found = Walk.run(y, seed, Rule.GRADIENT);
      for (int i = 0; i < vars.length; i++) {
        Tensor gradient = vars[i] == null ? null : found.of(vars[i]);
        gradients[i] = gradient == null ? null : gradient.copy();
      }
    }
    return gradients;
  }

  /** Returns normal random numbers of a tensor's shape and type. */
  static Tensor random(Tensor like, String purpose) {
    Random random = Random.of(11).stream(purpose);
    Tensor tensor = Tensor.zeros(like.dtype(), like.shape());
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, (float) random.normal(i));
    }
    return tensor;
  }

  /** Returns the inner product. */
  static double dot(Tensor a, Tensor b) {
    double sum = 0;
    for (int i = 0; i < a.count(); i++) {
      sum += a.get(i) * b.get(i);
    }
    return sum;
  }
}
