package org.espalier.nn;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Holds which of {@code size} indices are kept, in ascending order; refuses duplicates and indices
 * out of range.
 */
public final class Indices {
  private final int[] kept;
  private final int size;

  private Indices(int[] kept, int size) {
    this.kept = kept;
    this.size = size;
  }

  /** Returns the set of these indices out of {@code 0..size-1}, sorted. */
  public static Indices of(int size, int... kept) {
    int[] sorted = kept.clone();
    Arrays.sort(sorted);
    for (int i = 0; i < sorted.length; i++) {
      if (sorted[i] < 0 || sorted[i] >= size) {
        throw new IllegalArgumentException("index " + sorted[i] + " is outside 0.." + (size - 1));
      }
      if (i > 0 && sorted[i] == sorted[i - 1]) {
        throw new IllegalArgumentException("index " + sorted[i] + " is listed twice");
      }
    }
    return new Indices(sorted, size);
  }

  /** Returns all indices. */
  public static Indices all(int size) {
    return new Indices(IntStream.range(0, size).toArray(), size);
  }

  /** Returns the indices that satisfy a predicate. */
  public static Indices where(int size, IntPredicate predicate) {
    return new Indices(IntStream.range(0, size).filter(predicate).toArray(), size);
  }

  /** Returns the indices that are not kept. */
  public Indices complement() {
    boolean[] mask = mask();
    return where(size, i -> !mask[i]);
  }

  /** Returns the number of kept indices. */
  public int count() {
    return kept.length;
  }

  /** Returns the number of indices there were. */
  public int size() {
    return size;
  }

  /** Returns the i-th kept index. */
  public int get(int i) {
    return kept[i];
  }

  /** Returns the kept indices, ascending. */
  public int[] toArray() {
    return kept.clone();
  }

  /** Returns one flag an index. */
  public boolean[] mask() {
    boolean[] mask = new boolean[size];
    for (int index : kept) {
      mask[index] = true;
    }
    return mask;
  }

  /** Returns the new position of each index, -1 where it is not kept. */
  public int[] positions() {
    int[] positions = new int[size];
    Arrays.fill(positions, -1);
    for (int i = 0; i < kept.length; i++) {
      positions[kept[i]] = i;
    }
    return positions;
  }

  /** Tells whether nothing is left out. */
  public boolean isAll() {
    return kept.length == size;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Indices indices
        && size == indices.size
        && Arrays.equals(kept, indices.kept);
  }

  @Override
  public int hashCode() {
    return 31 * size + Arrays.hashCode(kept);
  }

  @Override
  public String toString() {
    return kept.length + " of " + size + " " + Arrays.toString(kept);
  }
}
