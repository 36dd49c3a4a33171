package org.espalier.tensor.internal;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Keeps a few scratch arrays of each size between kernel calls, so that packed panels and patches
 * are not allocated (and zeroed) again by every call.
 *
 * <p>An array belongs to whoever took it until it is given back; arrays are dirty. Nothing is tied
 * to a thread: a task that is interrupted by another one while it waits keeps its arrays.
 */
final class Scratch {
  /** Smallest size kept, a power of two; anything smaller costs nothing to allocate. */
  private static final int SMALLEST = 10;

  /** Arrays kept of each size: enough for both operands of eight threads. */
  private static final int KEPT = 16;

  private static final AtomicReferenceArray<float[]> POOL =
      new AtomicReferenceArray<>((Integer.SIZE - SMALLEST) * KEPT);

  private Scratch() {}

  /** Returns a dirty array of at least {@code size} elements. */
  static float[] take(long size) {
    int exponent = exponent(Math.max(1, size));
    int first = (exponent - SMALLEST) * KEPT;
    for (int i = first; i < first + KEPT; i++) {
      if (POOL.getPlain(i) != null) {
        float[] array = POOL.getAndSet(i, null);
        if (array != null) {
          return array;
        }
      }
    }
    return new float[1 << exponent];
  }

  /** Takes back an array that {@link #take} returned. */
  static void give(float[] array) {
    int first = (exponent(array.length) - SMALLEST) * KEPT;
    for (int i = first; i < first + KEPT; i++) {
      if (POOL.getPlain(i) == null && POOL.compareAndSet(i, null, array)) {
        return;
      }
    }
  }

  private static int exponent(long size) {
    int exponent = Math.max(SMALLEST, Long.SIZE - Long.numberOfLeadingZeros(size - 1));
    if (exponent > 30) {
      throw new IllegalArgumentException(
          "scratch: " + size + " floats do not fit one array; use a smaller batch");
    }
    return exponent;
  }
}
