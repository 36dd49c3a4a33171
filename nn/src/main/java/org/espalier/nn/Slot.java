package org.espalier.nn;

import org.espalier.tensor.Tensor;

/**
 * Holds what an optimizer remembers about one parameter: momentum, moments, a step count, a matrix.
 *
 * <p>A slot of the parameter's shape is cut like the parameter; any other is left alone unless it
 * was made with a {@link Cutter} of its own.
 */
public final class Slot {
  /** Cuts a slot's tensor along with its parameter. */
  @FunctionalInterface
  public interface Cutter {
    /** Returns the slot's tensor after its parameter kept these indices of an axis. */
    Tensor cut(Tensor tensor, int axis, Indices keep);
  }

  private Tensor tensor;
  private Cutter cutter;

  /** Creates a slot over a tensor, which is used, not copied. */
  public Slot(Tensor tensor) {
    this(tensor, null);
  }

  /** Creates a slot that brings its own way to be cut. */
  public Slot(Tensor tensor, Cutter cutter) {
    this.tensor = tensor;
    this.cutter = cutter;
  }

  /** Returns the live tensor; optimizers modify it. */
  public Tensor tensor() {
    return tensor;
  }

  /** Replaces the tensor. */
  public void set(Tensor other) {
    tensor = other;
  }

  void cutter(Cutter other) {
    cutter = other;
  }

  void cut(Parameter parameter, int axis, Indices keep) {
    if (cutter != null) {
      tensor = cutter.cut(tensor, axis, keep);
    } else if (tensor.shape().equals(parameter.shape())) {
      tensor = Cuts.along(tensor, axis, keep);
    }
  }
}
