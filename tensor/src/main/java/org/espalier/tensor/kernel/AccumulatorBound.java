package org.espalier.tensor.kernel;

import org.espalier.tensor.Tensor;

/**
 * Bounds the sums of an integer product by its weights, which are known: {@code |sum| ≤ |bias| +
 * reach · Σ |w|}, and so does every part of it.
 */
public final class AccumulatorBound {
  private AccumulatorBound() {}

  /**
   * Returns the largest magnitude that a sum of any output can have.
   *
   * @param weight I8 {@code [out, ...]}
   * @param bias I32 {@code [out]}, or null
   * @param reach how far a code of the input may lie from its zero point
   */
  public static long of(Tensor weight, Tensor bias, int reach) {
    int out = weight.shape().size(0);
    int row = weight.count() / Math.max(1, out);
    byte[] codes = weight.i8();
    long most = 0;
    for (int o = 0; o < out; o++) {
      long sum = 0;
      for (int i = o * row; i < (o + 1) * row; i++) {
        sum += Math.abs(codes[i]);
      }
      long start = bias == null ? 0 : Math.abs((long) bias.i32()[o]);
      most = Math.max(most, start + reach * sum);
    }
    return most;
  }

  /**
   * Refuses a product whose sums may leave 32 bits.
   *
   * @param layer names the layer
   * @throws IllegalArgumentException if they may
   */
  public static void check(String layer, Tensor weight, Tensor bias, int reach) {
    long bound = of(weight, bias, reach);
    if (bound > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          ("%s: a sum of its codes may reach %d, more than 32 bits hold (2147483647);"
                  + " keep this layer in float, or give it fewer inputs or a smaller bias")
              .formatted(layer, bound));
    }
  }
}
