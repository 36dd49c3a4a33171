package org.espalier.tensor.linalg;

import java.util.ArrayList;
import java.util.List;

/**
 * Holds an orthogonal matrix {@code Q = B₁ B₂ … B_k} of order {@code size} as blocks of Householder
 * reflections in the order of their making.
 */
final class Reflectors {
  private final int size;
  private final List<ReflectorBlock> blocks = new ArrayList<>();

  Reflectors(int size) {
    this.size = size;
  }

  /** Appends a block and returns it. */
  ReflectorBlock add(int start, double[][] v, double[] tau) {
    ReflectorBlock block = new ReflectorBlock(start, size, v, tau);
    blocks.add(block);
    return block;
  }

  /** Computes {@code C ← Q C} on the first {@code width} columns; C is modified. */
  void apply(double[][] c, int width) {
    for (int k = blocks.size() - 1; k >= 0; k--) {
      blocks.get(k).apply(c, 0, width);
    }
  }

  /** Computes {@code C ← Qᵀ C} on the first {@code width} columns; C is modified. */
  void applyTransposed(double[][] c, int width) {
    for (ReflectorBlock block : blocks) {
      block.applyTransposed(c, 0, width);
    }
  }

  /**
   * Returns the first {@code width} columns of Q (backward accumulation, Golub and Van Loan,
   * 5.1.6): block by block from the last, only columns that are no longer unit vectors change.
   */
  double[][] columns(int width) {
    double[][] q = Rows.identity(size, width);
    for (int k = blocks.size() - 1; k >= 0; k--) {
      ReflectorBlock block = blocks.get(k);
      if (block.start() < width) {
        block.apply(q, block.start(), width);
      }
    }
    return q;
  }
}
