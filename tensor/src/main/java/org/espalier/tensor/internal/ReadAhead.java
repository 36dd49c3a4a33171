package org.espalier.tensor.internal;

/**
 * Reads stretches of an array in the order in which they lie, before a kernel reads them in another
 * one.
 *
 * <p>Processors fetch ahead what is read line after line, but not a vector here and the next one
 * some hundred bytes on: depthwise kernels took twice as long on images that no cache holds.
 */
final class ReadAhead {
  /** Floats that a cache holds beside others; there, reading ahead costs a tenth. */
  private static final long CACHED = 1 << 21;

  /** Floats in a cache line. */
  private static final int LINE = 16;

  private ReadAhead() {}

  /** Tells whether reading ahead pays in a pass over so many floats. */
  static boolean pays(long floats) {
    return floats > CACHED;
  }

  /**
   * Reads one float of each cache line.
   *
   * @return a number that depends on all of them, so that no compiler leaves them out
   */
  static float lines(float[] array, int from, int to) {
    float sum = 0;
    for (int i = from; i < to; i += LINE) {
      sum += array[i];
    }
    return sum;
  }
}
