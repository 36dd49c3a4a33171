package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.CodeRange;

/** Goes through codes one by one; each kernel set has its loops. */
interface CodeLoops {
  /** Computes {@code to[at + i] = codes[from + i] - zeroPoint}. */
  void widen(byte[] codes, int from, int count, int zeroPoint, float[] to, int at);

  /**
   * Computes {@code codes[at + i] = rounding.code(sums[from + i])} of whole rows of channels.
   *
   * @param sums integers, exact
   */
  void round(float[] sums, int from, int count, RowRounding rounding, byte[] codes, int at);

  /**
   * Computes {@code z[i] = range.code((x[i] - xZero) · xSteps + (y[i] - yZero) · ySteps)} from one
   * element to another.
   */
  void add(
      byte[] x,
      int xZero,
      double xSteps,
      byte[] y,
      int yZero,
      double ySteps,
      CodeRange range,
      byte[] z,
      int from,
      int to);

  /** Computes {@code best[at + i] = max(best[at + i], codes[from + i])}. */
  void max(byte[] codes, int from, int count, byte[] best, int at);

  /** Computes {@code codes[i] = wide[i] + zeroPoint} of integers from one element to another. */
  void narrow(float[] wide, int zeroPoint, byte[] codes, int from, int to);
}
