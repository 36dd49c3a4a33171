package org.espalier.nn;

import org.espalier.tensor.Tensor;

/**
 * Holds the samples of one step: inputs {@code x [n, h, w, c]} (or {@code [n, l, c]}, {@code [n,
 * f]}), F32, and targets {@code y}: I32 class numbers {@code [n]}, or F32 values of any shape that
 * begins with n.
 *
 * @param x the inputs, not modified by a step
 * @param y the targets, not modified by a step
 */
public record Batch(Tensor x, Tensor y) {
  /** Returns the number of samples. */
  public int size() {
    return x.shape().size(0);
  }
}
