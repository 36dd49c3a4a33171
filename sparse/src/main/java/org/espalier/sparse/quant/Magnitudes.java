package org.espalier.sparse.quant;

import java.util.Arrays;
import org.espalier.tensor.Tensor;

/**
 * Holds magnitudes of the values of one tensor: all of them up to {@value #CAPACITY}, beyond that
 * an evenly spread part chosen by a hash of the position, so that a run gives the same twice. The
 * largest is always exact.
 */
public final class Magnitudes {
  /** How many values are held. */
  public static final int CAPACITY = 1 << 18;

  private final String name;
  private final boolean ignoreZeros;
  private float[] values = new float[1024];
  private long[] positions = new long[1024];
  private int size;
  private long seen;
  private int thinned;
  private float max;
  private boolean negative;

  /**
   * Creates an empty store.
   *
   * @param name the tensor's name for messages
   * @param ignoreZeros whether exact zeros are dropped
   */
  public Magnitudes(String name, boolean ignoreZeros) {
    this.name = name;
    this.ignoreZeros = ignoreZeros;
  }

  /** Takes the values of a tensor; NaN and infinities are a state error. */
  public void add(Tensor x) {
    for (int i = 0; i < x.count(); i++) {
      double value = x.get(i);
      if (!Double.isFinite(value)) {
        throw Range.notFinite(name, value);
      }
      negative |= value < 0;
      max = Math.max(max, (float) Math.abs(value));
      long position = seen++;
      if (isHeld(position) && !(ignoreZeros && value == 0)) {
        hold((float) Math.abs(value), position);
      }
    }
  }

  private boolean isHeld(long position) {
    return thinned == 0 || mixed(position) >>> (Long.SIZE - thinned) == 0;
  }

  /** Spreads a position over all bits (SplitMix64's finaliser). */
  private static long mixed(long position) {
    long z = (position + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  private void hold(float value, long position) {
    if (size == CAPACITY) {
      thin();
      if (!isHeld(position)) {
        return;
      }
    }
    if (size == values.length) {
      values = Arrays.copyOf(values, Math.min(CAPACITY, 2 * size));
      positions = Arrays.copyOf(positions, values.length);
    }
    values[size] = value;
    positions[size++] = position;
  }

  /** Keeps about every second value. */
  private void thin() {
    thinned++;
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (isHeld(positions[i])) {
        values[kept] = values[i];
        positions[kept++] = positions[i];
      }
    }
    size = kept;
  }

  boolean isEmpty() {
    return seen == 0;
  }

  /** Tells whether a value below 0 was seen. */
  public boolean hasNegative() {
    return negative;
  }

  /** Returns the largest magnitude. */
  public double max() {
    return max;
  }

  /** Returns the number of magnitudes held. */
  public int size() {
    return size;
  }

  /** Returns a magnitude held. */
  public float get(int i) {
    return values[i];
  }

  /** Returns the percentile by linear interpolation between the sorted magnitudes, 0 of none. */
  public double percentile(double percentile) {
    if (size == 0) {
      return 0;
    }
    float[] sorted = Arrays.copyOf(values, size);
    Arrays.sort(sorted);
    double rank = percentile / 100 * (size - 1);
    int below = (int) Math.floor(rank);
    int above = Math.min(below + 1, size - 1);
    return sorted[below] + (rank - below) * ((double) sorted[above] - sorted[below]);
  }

  /** Returns the histogram on {@code [0, max]}: bin {@code min(floor(|x|/max·bins), bins - 1)}. */
  public long[] histogram(int bins) {
    long[] histogram = new long[bins];
    for (int i = 0; i < size; i++) {
      int bin = max == 0 ? 0 : (int) Math.floor((double) values[i] / max * bins);
      histogram[Math.min(bin, bins - 1)]++;
    }
    return histogram;
  }
}
