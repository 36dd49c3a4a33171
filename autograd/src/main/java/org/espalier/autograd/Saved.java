package org.espalier.autograd;

import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Hands an op the buffers for what forward finds out and the vector-Jacobian product wants again;
 * in a pass that records nothing they are scratch, so the op does not know its mode.
 */
public interface Saved {
  /** Returns the next saved tensor, dirty; the k-th one comes back as {@link Call#saved}. */
  Tensor tensor(DType dtype, Shape shape);

  /** Returns a dirty tensor that is given back when forward returns. */
  Tensor scratch(DType dtype, Shape shape);
}
