package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.Binary;

/**
 * Makes the loops over the stretches of a {@link SpanWalk}; numbers after «companion» and «result»
 * say which row of the walk is meant.
 */
interface RowLoops {
  /**
   * Tells whether the loops touch companions and results within one period only and use no scratch
   * rows.
   */
  boolean periodic();

  /** Returns {@code out = op(x, companion 0)}. */
  SpanWalk.Stretch binary(Binary op, float[] x, float[] out);

  /** Returns {@code y = x · companion 0 + companion 1}, either absent, or its maximum with 0. */
  SpanWalk.Stretch scaleShift(float[] x, boolean rectify, float[] y);

  /**
   * Returns {@code out = companion 0 · x + companion 1 · y + companion 2}; where there is a
   * companion 3, x counts only where {@code companion 0 · y + companion 3} is positive.
   */
  SpanWalk.Stretch combine(float[] x, float[] y, float[] out);

  /** Returns {@code result 0 += x}. */
  SpanWalk.Fold sum(float[] x);

  /** Returns {@code result 0 = max(result 0, x)}. */
  SpanWalk.Fold maximum(float[] x);

  /** Returns {@code result 0 += x - companion 0, result 1 += (x - companion 0)²}. */
  SpanWalk.Fold deviations(float[] x);

  /**
   * Returns {@code result 0 += dy, result 1 += dy · (x - companion 0)}; where there are companions
   * 1 and 2, dy counts only where {@code companion 1 · x + companion 2} is positive.
   */
  SpanWalk.Fold normSums(float[] dy, float[] x);
}
