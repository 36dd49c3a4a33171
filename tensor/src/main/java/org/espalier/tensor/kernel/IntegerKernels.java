package org.espalier.tensor.kernel;

import org.espalier.tensor.Tensor;

/**
 * Computes on I8 codes (see {@link CodeRange}) with exact sums of 32 bits; the integer half of a
 * kernel set (resource-efficient survey, sheet section 2, Q9).
 *
 * <p>All sets give equal codes. Callers have checked shapes, and by {@link AccumulatorBound} that
 * no sum leaves 32 bits. Outputs come dirty, are written completely and share no buffer with
 * inputs.
 */
public interface IntegerKernels {
  /**
   * Computes the codes of a convolution, {@code y = requantize(bias + Σ (x - zeroPoint) · weight)};
   * what lies outside x counts as the zero point.
   *
   * @param x I8 codes {@code [n, h, w, c]}
   * @param zeroPoint the code of 0 in x
   * @param weight I8 {@code [out, kh, kw, in/groups]}, symmetric; packed once where it is frozen
   * @param bias I32 {@code [out]} in units of the sums, or null
   * @param rounding makes codes of sums
   * @param y I8 {@code [n, h', w', out]} (modified)
   */
  void conv(
      ConvGeometry geometry,
      Tensor x,
      int zeroPoint,
      Tensor weight,
      Tensor bias,
      Requantization rounding,
      Tensor y);

  /**
   * Computes the sums of {@link #conv} themselves, I32 (modified), for outputs that are no codes.
   */
  void sums(
      ConvGeometry geometry, Tensor x, int zeroPoint, Tensor weight, Tensor bias, Tensor sums);

  /**
   * Computes {@code z = code((x - xZero) · xSteps + (y - yZero) · ySteps)}, both terms in double,
   * rounded once.
   *
   * @param xSteps steps of the result in one step of x
   * @param ySteps steps of the result in one step of y
   */
  void add(
      Tensor x,
      int xZero,
      double xSteps,
      Tensor y,
      int yZero,
      double ySteps,
      CodeRange range,
      Tensor z);

  /** Computes the highest code of each window; an empty one gives the lowest code there is. */
  void maxPool(PoolGeometry geometry, Tensor x, Tensor y);

  /**
   * Computes {@code y = requantize(Σ (x - zeroPoint))} of each window with M divided by the
   * window's count.
   */
  void averagePool(
      PoolGeometry geometry, Tensor x, int zeroPoint, Requantization rounding, Tensor y);

  /**
   * Replaces each code by that of a table.
   *
   * @param table I8 {@code [256]}, from the result of code -128 to that of 127
   */
  void map(Tensor x, Tensor table, Tensor y);

  /** Computes {@code y = x - zeroPoint} in F32, for ops that only move numbers. */
  void widen(Tensor x, int zeroPoint, Tensor y);

  /** Computes {@code y = x + zeroPoint} of F32 integers that {@link #widen} made. */
  void narrow(Tensor x, int zeroPoint, Tensor y);
}
