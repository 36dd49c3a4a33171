package org.espalier.tensor.kernel;

import org.espalier.tensor.Tensor;

/**
 * Counts the elements of a tensor that are not zero; NaN counts, either zero does not.
 *
 * @param nonZeros elements other than zero
 * @param count all elements
 */
public record Density(int nonZeros, int count) {
  /** Counts the elements of a float32 tensor, of a frozen one only once. */
  public static Density of(Tensor tensor) {
    return tensor.prepacked() == null
        ? counted(tensor)
        : tensor.prepacked().get(Density.class, Density.class, () -> counted(tensor));
  }

  private static Density counted(Tensor tensor) {
    int nonZeros = 0;
    for (float value : tensor.f32()) {
      if (value != 0) {
        nonZeros++;
      }
    }
    return new Density(nonZeros, tensor.count());
  }

  /** Returns the share of elements that are not zero, 0 where there are none. */
  public double share() {
    return count == 0 ? 0 : (double) nonZeros / count;
  }
}
