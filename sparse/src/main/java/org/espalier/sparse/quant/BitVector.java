package org.espalier.sparse.quant;

import org.espalier.tensor.Tensor;

/**
 * Holds numbers that are +1 or -1 as bits (resource-efficiency survey, Q3): +1 is 1, -1 is 0,
 * element j is bit {@code j mod 64} of word {@code j/64}; unused high bits are 0.
 */
public final class BitVector {
  private final long[] words;
  private final int length;

  private BitVector(long[] words, int length) {
    this.words = words;
    this.length = length;
  }

  /** Packs a tensor; an element other than +1 and -1 is refused. */
  public static BitVector of(Tensor values) {
    return of(values, 0, values.count());
  }

  /** Packs the elements from {@code from} up to {@code end} of a tensor. */
  public static BitVector of(Tensor values, int from, int end) {
    long[] words = new long[(end - from + Long.SIZE - 1) / Long.SIZE];
    for (int i = from; i < end; i++) {
      double value = values.get(i);
      if (value != 1 && value != -1) {
        throw new IllegalArgumentException(
            "bit vector: element %d must be 1 or -1, got %s".formatted(i, value));
      }
      if (value == 1) {
        words[(i - from) / Long.SIZE] |= 1L << (i - from);
      }
    }
    return new BitVector(words, end - from);
  }

  /** Returns the number of elements. */
  public int length() {
    return length;
  }

  /** Returns a word. */
  public long word(int i) {
    return words[i];
  }

  /** Returns the number of words. */
  public int wordCount() {
    return words.length;
  }

  /** Returns at how many places this and another vector of its length differ. */
  public int differences(BitVector other) {
    if (other.length != length) {
      throw new IllegalArgumentException(
          "bit vector: lengths must agree, got %d and %d".formatted(length, other.length));
    }
    int count = 0;
    for (int i = 0; i < words.length; i++) {
      count += Long.bitCount(words[i] ^ other.words[i]);
    }
    return count;
  }

  /** Returns the dot product, {@code n - 2·popcount(a xor b)}. */
  public int dot(BitVector other) {
    return length - 2 * differences(other);
  }
}
