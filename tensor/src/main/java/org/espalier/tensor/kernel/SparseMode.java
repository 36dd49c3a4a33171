package org.espalier.tensor.kernel;

/**
 * Says when a product or a convolution leaves out the zeros of a frozen weight.
 *
 * <p>The sparse way sums the same terms in another order, so results differ by rounding. A weight
 * of zero contributes nothing at all there, while densely {@code 0 · infinity} and {@code 0 · NaN}
 * are NaN.
 */
public enum SparseMode {
  /** Wherever the sparse way can compute the result, even where it takes longer. */
  ALWAYS,
  /** Where measurements, kept as a table in the source, say that it takes less time. */
  AUTO,
  /** Nowhere. */
  NEVER
}
