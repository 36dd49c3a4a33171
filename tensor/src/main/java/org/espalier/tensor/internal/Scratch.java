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

  private static final int PLACES = (Integer.SIZE - SMALLEST) * KEPT;

  private static final AtomicReferenceArray<float[]> FLOATS = new AtomicReferenceArray<>(PLACES);
  private static final AtomicReferenceArray<double[]> DOUBLES = new AtomicReferenceArray<>(PLACES);

  private Scratch() {}

  /** Returns a dirty array of at least {@code size} elements. */
  static float[] take(long size) {
    int exponent = exponent(Math.max(1, size));
    float[] kept = take(FLOATS, exponent);
    return kept != null ? kept : new float[1 << exponent];
  }

  /** Returns a dirty array of at least {@code size} elements. */
  static double[] takeDoubles(long size) {
    int exponent = exponent(Math.max(1, size));
    double[] kept = take(DOUBLES, exponent);
    return kept != null ? kept : new double[1 << exponent];
  }

  private static <A> A take(AtomicReferenceArray<A> pool, int exponent) {
    int first = (exponent - SMALLEST) * KEPT;
    for (int i = first; i < first + KEPT; i++) {
      if (pool.getPlain(i) != null) {
        A array = pool.getAndSet(i, null);
        if (array != null) {
          return array;
        }
      }
    }
    return null;
  }

  /** Takes back an array that {@link #take} returned. */
  static void give(float[] array) {
    give(FLOATS, array.length, array);
  }

  /** Takes back an array that {@link #takeDoubles} returned. */
  static void give(double[] array) {
    give(DOUBLES, array.length, array);
  }

  private static <A> void give(AtomicReferenceArray<A> pool, int length, A array) {
    int first = (exponent(length) - SMALLEST) * KEPT;
    for (int i = first; i < first + KEPT; i++) {
      if (pool.getPlain(i) == null && pool.compareAndSet(i, null, array)) {
        return;
      }
    }
  }

  /** Returns some dirty arrays of at least {@code size} elements. */
  static float[][] take(int count, long size) {
    float[][] arrays = new float[count][];
    for (int k = 0; k < count; k++) {
      arrays[k] = take(size);
    }
    return arrays;
  }

  /** Takes back arrays that {@link #take} returned; absent ones are skipped. */
  static void give(float[][] arrays) {
    for (float[] array : arrays) {
      if (array != null) {
        give(array);
      }
    }
  }

  /** Returns some dirty arrays of at least {@code size} elements. */
  static double[][] takeDoubles(int count, long size) {
    double[][] arrays = new double[count][];
    for (int k = 0; k < count; k++) {
      arrays[k] = takeDoubles(size);
    }
    return arrays;
  }

  /** Takes back arrays that {@link #takeDoubles} returned. */
  static void give(double[][] arrays) {
    for (double[] array : arrays) {
      give(array);
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
