package org.espalier.autograd.op;

/** Names what a padded axis shows outside the data (layers reference, section 2). */
public enum PadMode {
  /** Zeros. */
  ZERO,
  /** The data mirrored without repeating the border: index -1 is element 1. */
  REFLECT,
  /** The border element. */
  REPLICATE;

  /** Returns the element that position {@code at} of the unpadded axis shows, -1 for zero. */
  int source(int at, int size) {
    if (at >= 0 && at < size) {
      return at;
    }
    return switch (this) {
      case ZERO -> -1;
      case REFLECT -> at < 0 ? -at : 2 * (size - 1) - at;
      case REPLICATE -> at < 0 ? 0 : size - 1;
    };
  }
}
