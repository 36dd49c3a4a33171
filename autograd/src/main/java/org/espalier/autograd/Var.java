package org.espalier.autograd;

import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Is a tensor on a tape: an input, a parameter's value, or the output of a call; or a constant
 * (then ops just compute).
 */
public final class Var {
  private final Tape tape;
  private final Shape shape;
  private final DType dtype;
  private final Tensor value;
  private final boolean needsGradient;
  private final Call call;
  private final boolean owned;
  private boolean released;

  Var(
      Tape tape,
      Shape shape,
      DType dtype,
      Tensor value,
      boolean needsGradient,
      Call call,
      boolean owned) {
    this.tape = tape;
    this.shape = shape;
    this.dtype = dtype;
    this.value = value;
    this.needsGradient = needsGradient;
    this.call = call;
    this.owned = owned;
  }

  /** Returns a constant that belongs to no tape. */
  public static Var constant(Tensor value) {
    return new Var(null, value.shape(), value.dtype(), value, false, null, false);
  }

  /** Returns the tape, or null for a constant outside any. */
  public Tape tape() {
    return tape;
  }

  /** Returns the sizes. */
  public Shape shape() {
    return shape;
  }

  /** Returns the element type. */
  public DType dtype() {
    return dtype;
  }

  /** Returns the numbers; refused in a shape pass, which computes none. */
  public Tensor value() {
    if (value == null) {
      throw new StateException(
          "a shape pass computes no numbers; read this value in Pass.infer or Pass.study instead");
    }
    return value;
  }

  /** Returns the numbers, or null in a shape pass. */
  Tensor valueOrNull() {
    return value;
  }

  /** Tells whether a walk carries a gradient to this value. */
  public boolean needsGradient() {
    return needsGradient;
  }

  /**
   * Returns the call that made this value; null for inputs, parameters and constants, and in an
   * infer pass.
   */
  public Call call() {
    return call;
  }

  /**
   * Tells whether the value came from the pass's workspace and was not released: it may be released
   * once.
   */
  boolean takeRelease() {
    boolean may = owned && !released;
    released = released || may;
    return may;
  }

  @Override
  public String toString() {
    return dtype
        + shape.toString()
        + (call == null ? "" : " of " + call.op().name() + " at " + call.scope());
  }
}
