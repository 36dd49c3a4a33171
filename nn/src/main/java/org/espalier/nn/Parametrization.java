package org.espalier.nn;

import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.tensor.Tensor;

/**
 * Maps a parameter's raw value to the value that layers see: a mask, a low-rank product, fake
 * quantisation. It is attached to the parameter, so that no layer knows about it and gradients
 * reach raw value and own parameters alike.
 */
public interface Parametrization {
  /** Returns the effective value; differentiable, and of the parameter's declared shape. */
  Var apply(Pass pass, Var raw);

  /**
   * Returns what raw becomes when a value is set, or when this is attached to one: the right
   * inverse of apply.
   */
  default Tensor assign(Tensor value) {
    return value;
  }

  /**
   * Returns own parameters and state by local name; saved and listed as {@code
   * conv1.weight.mask.score}.
   */
  default Map<String, Parameter> parameters() {
    return Map.of();
  }

  /**
   * Cuts own state when the parameter keeps these indices of an axis; by default own parameters on
   * the same axis.
   */
  default void cut(int axis, Indices keep) {
    parameters().values().forEach(parameter -> parameter.cut(axis, keep));
  }

  /** Returns this parametrization as data: type name and options, no sizes. */
  Spec spec();
}
