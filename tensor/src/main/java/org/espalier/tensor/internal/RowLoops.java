package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.Binary;

/**
 * Makes the loops over the stretches of a {@link SpanWalk}; numbers after «companion» and «result»
 * say which row of the walk is meant. Each loop uses at most as many scratch rows as named.
 */
interface RowLoops {
  /** Returns {@code out = op(x, companion 0)}; one scratch row. */
  SpanWalk.Stretch binary(Binary op, float[] x, float[] out);

  /**
   * Returns {@code y = x · companion 0 + companion 1}, either absent, or its maximum with 0; one
   * scratch row.
   */
  SpanWalk.Stretch scaleShift(float[] x, boolean rectify, float[] y);

  /**
   * Returns {@code out = companion 0 · x + companion 1 · y + companion 2}, x only where the gate,
   * if there is one, is positive; two scratch rows.
   */
  SpanWalk.Stretch combine(float[] x, float[] gate, float[] y, float[] out);

  /** Returns {@code result 0 += x}; one scratch row. */
  SpanWalk.Fold sum(float[] x);

  /** Returns {@code result 0 = max(result 0, x)}; one scratch row. */
  SpanWalk.Fold maximum(float[] x);

  /** Returns {@code result 0 += (x - companion 0)²}; one scratch row. */
  SpanWalk.Fold squaredDeviation(float[] x);

  /**
   * Returns {@code result 0 += dy, result 1 += dy · (x - companion 0)}, dy only where the gate, if
   * there is one, is positive; two scratch rows.
   */
  SpanWalk.Fold normSums(float[] dy, float[] gate, float[] x);
}
