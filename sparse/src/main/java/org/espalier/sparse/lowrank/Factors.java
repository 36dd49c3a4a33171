package org.espalier.sparse.lowrank;

import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Svd;

/**
 * Holds two balanced factors of a weight's matrices, {@code M ≈ expand·reduce} block by block, from
 * the thin singular value decomposition (sheet 09, 2.7): {@code reduce = diag(√s[:r])·Vᵀ[:r]},
 * {@code expand = U[:,:r]·diag(√s[:r])}. No energy is transferred.
 *
 * @param expand {@code [groups·rows, r]} in F64
 * @param reduce {@code [groups·r, columns]} in F64
 * @param largestTail the largest {@code s[r] / s[0]} of a block, 0 at full rank
 * @param error the share of the norm that was cut off, {@code ‖M - expand·reduce‖ / ‖M‖}
 */
record Factors(Tensor expand, Tensor reduce, double largestTail, double error) {
  /** The largest singular value below which the paper's code takes a matrix for zero. */
  static final double ZERO_BELOW_SIGMA = 1e-5;

  /**
   * Factors a weight {@code [out, ...]}, which is not modified, however small it is. Where singular
   * values are 0 the rows of {@code reduce} are not: the product is the same, and gradients reach
   * {@code expand}.
   */
  static Factors of(String name, Tensor weight, WeightMatrix matrix, int rank) {
    return of(name, weight, matrix, rank, 0);
  }

  /**
   * Factors a weight {@code [out, ...]}, which is not modified.
   *
   * @param zeroBelow a block whose largest singular value is below this is taken for zero
   */
  static Factors of(String name, Tensor weight, WeightMatrix matrix, int rank, double zeroBelow) {
    EnergyTransfer.requireFinite(name, weight);
    EnergyTransfer.requireRank(name, rank, matrix.fullRank());
    int groups = matrix.groups();
    Tensor expand = Tensor.zeros(DType.F64, Shape.of(groups * matrix.rows(), rank));
    Tensor reduce = Tensor.zeros(DType.F64, Shape.of(groups * rank, matrix.columns()));
    double tail = 0;
    double lost = 0;
    double all = 0;
    for (int group = 0; group < groups; group++) {
      Svd svd = EnergyTransfer.decompose(name, matrix.block(weight, group));
      Tensor sigma = svd.singularValues();
      boolean isKept = sigma.get(0) >= zeroBelow;
      for (int i = 0; i < sigma.count(); i++) {
        lost += isKept && i < rank ? 0 : sigma.get(i) * sigma.get(i);
        all += sigma.get(i) * sigma.get(i);
      }
      if (isKept) {
        boolean cutsOff = rank < sigma.count() && sigma.get(rank) > 0;
        tail = Math.max(tail, cutsOff ? sigma.get(rank) / sigma.get(0) : 0);
        fill(svd, rank, expand, group * matrix.rows(), reduce, group * rank);
      }
    }
    return new Factors(expand, reduce, tail, all == 0 ? 0 : Math.sqrt(lost / all));
  }

  private static void fill(
      Svd svd, int rank, Tensor expand, int expandRow, Tensor reduce, int reduceRow) {
    int rows = svd.u().shape().size(0);
    int columns = svd.v().shape().size(0);
    int terms = svd.u().shape().size(1);
    for (int j = 0; j < rank; j++) {
      double root = Math.sqrt(svd.singularValues().get(j));
      for (int i = 0; i < rows; i++) {
        expand.set((expandRow + i) * rank + j, root * svd.u().get(i * terms + j));
      }
      for (int i = 0; i < columns; i++) {
        double scale = root == 0 ? 1 : root;
        reduce.set((reduceRow + j) * columns + i, scale * svd.v().get(i * terms + j));
      }
    }
  }

  /** Tells whether everything factored was too small to matter: both factors are zero then. */
  boolean isZero() {
    for (int i = 0; i < expand.count(); i++) {
      if (expand.get(i) != 0) {
        return false;
      }
    }
    return true;
  }
}
