package org.espalier.nn.metric;

import org.espalier.tensor.Tensor;

/** Adds up how well outputs fit their targets. Not thread-safe. */
public interface Metric {
  /** Returns the name for logs, such as {@code accuracy}. */
  String name();

  /**
   * Adds a batch.
   *
   * @param output what the model gave, not modified
   * @param target the targets, not modified
   */
  void add(Tensor output, Tensor target);

  /** Returns the value over all batches since the last reset; NaN where nothing was counted. */
  double value();

  /** Forgets all batches. */
  void reset();
}
