package org.espalier.sparse.lowrank;

import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Says how a weight is read as matrices: {@code groups} blocks of {@code rows x columns}, one
 * behind the other in memory (sheet 09, 2.1). A convolution's row is one filter, in the order in
 * which it lies in memory; singular values do not ask for the order of columns. A grouped
 * convolution is one block a group.
 *
 * @param groups blocks
 * @param rows output channels of one block
 * @param columns numbers of one filter
 */
public record WeightMatrix(int groups, int rows, int columns) {
  /**
   * Reads a weight {@code [out, ...]}.
   *
   * @param groups blocks that the rows are divided into
   */
  public static WeightMatrix of(Shape weight, int groups) {
    int out = weight.size(0);
    if (groups < 1 || out % groups != 0) {
      throw new IllegalArgumentException(
          "low rank: %d groups do not divide the %d rows of %s".formatted(groups, out, weight));
    }
    return new WeightMatrix(groups, out / groups, weight.count(1, weight.rank()));
  }

  /** Returns k, the rank that no block exceeds. */
  public int fullRank() {
    return Math.min(rows, columns);
  }

  /** Returns the numbers of the weight. */
  public long size() {
    return (long) groups * rows * columns;
  }

  /** Returns the numbers of two factors of a rank: {@code groups·r·(rows + columns)}. */
  public long factoredSize(int rank) {
    return (long) groups * rank * (rows + columns);
  }

  /** Tells whether two factors of a rank are smaller than the weight. */
  public boolean shrinksAt(int rank) {
    return factoredSize(rank) < size();
  }

  /** Returns a copy of one block of a weight, {@code [rows, columns]} in F64. */
  Tensor block(Tensor weight, int group) {
    Tensor block = Tensor.zeros(DType.F64, Shape.of(rows, columns));
    int from = group * block.count();
    for (int i = 0; i < block.count(); i++) {
      block.set(i, weight.get(from + i));
    }
    return block;
  }
}
