package org.espalier.autograd;

import java.util.List;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Records one application of an op: inputs, output, saved values, axes and scope. */
public final class Call {
  private final Tape tape;
  private final Op op;
  private final Var[] inputs;
  private final Axes axes;
  private final String scope;
  private final List<Tensor> saved;
  private Var output;

  Call(Tape tape, Application application, Axes axes, String scope, List<Tensor> saved) {
    this.tape = tape;
    this.op = application.op();
    this.inputs = application.inputs().clone();
    this.axes = axes;
    this.scope = scope;
    this.saved = saved;
  }

  void output(Var made) {
    this.output = made;
  }

  /** Returns the op. */
  public Op op() {
    return op;
  }

  /** Returns the module path in which the call was made, such as {@code block1.conv2}. */
  public String scope() {
    return scope;
  }

  /** Returns the bound axes. */
  public Axes axes() {
    return axes;
  }

  /** Returns the tape this call belongs to. */
  public Tape tape() {
    return tape;
  }

  /** Returns the number of inputs, absent ones counted. */
  public int inputCount() {
    return inputs.length;
  }

  /** Returns an input, or null where it is absent. */
  public Var input(int i) {
    return inputs[i];
  }

  /** Returns the value of an input, or null where it is absent. */
  public Tensor in(int i) {
    return inputs[i] == null ? null : inputs[i].value();
  }

  /** Returns the output. */
  public Var output() {
    return output;
  }

  /** Returns the value of the output. */
  public Tensor out() {
    return output.value();
  }

  /** Returns the k-th tensor that forward saved. */
  public Tensor saved(int k) {
    return saved.get(k);
  }

  /** Tells whether a gradient is wanted for an input. */
  public boolean needs(int i) {
    return inputs[i] != null && inputs[i].needsGradient();
  }

  /** Returns a dirty tensor of an input's shape and type, from the pass's workspace. */
  public Tensor like(int i) {
    return scratch(inputs[i].dtype(), inputs[i].shape());
  }

  /** Returns a dirty tensor from the pass's workspace; {@link #release} it when it is used up. */
  public Tensor scratch(DType dtype, Shape shape) {
    return tape.lease().take(dtype, shape);
  }

  /** Gives a scratch tensor back. */
  public void release(Tensor scratch) {
    tape.lease().release(scratch);
  }

  /** Tells whether the output holds a NaN or an infinity, as far as it can still be read. */
  boolean madeNonFinite() {
    Tensor value = output.valueOrNull();
    if (value == null || !value.dtype().isFloating() || value.buffer().isDetached()) {
      return false;
    }
    for (int i = 0; i < value.count(); i++) {
      if (!Double.isFinite(value.get(i))) {
        return true;
      }
    }
    return false;
  }

  @Override
  public String toString() {
    return scope + " " + op + " -> " + output.shape();
  }
}
