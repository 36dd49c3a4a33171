package org.espalier.sparse.quant;

import org.espalier.tensor.Tensor;

/**
 * Looks at the values of one tensor over some batches and says which range its grid should cover
 * (resource-efficiency survey, Q1 and Q7). {@link Observers} makes them.
 */
public interface Observer {
  /** Makes observers of one kind. */
  @FunctionalInterface
  interface Factory {
    /**
     * Returns an observer that has seen nothing.
     *
     * @param name the tensor's name for messages
     * @param grid the grid whose range is sought
     */
    Observer create(String name, QuantizationGrid grid);

    /** Returns the range that an observer of this kind finds for a single tensor. */
    default Range range(String name, QuantizationGrid grid, Tensor x) {
      Observer observer = create(name, grid);
      observer.observe(x);
      return observer.range();
    }
  }

  /** Looks at a tensor, which is not modified; NaN and infinities are a state error. */
  void observe(Tensor x);

  /** Returns the range; a state error before any value was observed. */
  Range range();

  /** Returns the threshold T of magnitudes that {@link #range} stands for. */
  default double threshold() {
    return range().magnitude();
  }
}
