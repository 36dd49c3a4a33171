package org.espalier.sparse.lowrank;

import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Svd;

/**
 * Projects a matrix onto those of low rank and hands the energy of what is dropped to what stays
 * (Guo et al., Compact Model Training by Low-Rank Projection with Energy Transfer, IEEE TNNLS 2024;
 * sheet 09, 2.3 and 2.4).
 *
 * <p>With singular values s, rank r and reduction factor f the new ones are {@code √α·s[:r]} and
 * {@code f·s[r:]}, where
 *
 * <pre>{@code
 * α = (Σ s² - Σ (f·s[r:])²) / Σ s[:r]²     at least 1
 * }</pre>
 *
 * so the Frobenius norm, and with it the expected size of a gradient that passes the layer, stays
 * what it was. All kept values grow by one factor. Computed as {@code (√α - f)·M_r + f·M}, M_r the
 * truncation of M, in float64.
 *
 * @param transfers whether energy is transferred; without, α is 1: the plain truncation
 * @param reductionFactor f in [0, 1]; 0, the default, drops the tail
 * @param skipBelowSigma a matrix whose largest singular value is below this stays as it is
 * @param inverseEps what guards the inverse {@code b = a / (a² + eps)} of a batch norm's factors
 */
public record EnergyTransfer(
    boolean transfers, double reductionFactor, double skipBelowSigma, double inverseEps) {
  /** The largest singular value below which the paper's code leaves a layer alone. */
  public static final double SKIP_BELOW_SIGMA = 1e-4;

  /** The paper's choice: the tail is dropped, its energy goes evenly to what stays. */
  public static final EnergyTransfer UNIFORM =
      new EnergyTransfer(true, 0, SKIP_BELOW_SIGMA, BatchNormRectification.INVERSE_EPS);

  /** Plain truncation, for comparison. */
  public static final EnergyTransfer NONE =
      new EnergyTransfer(false, 0, SKIP_BELOW_SIGMA, BatchNormRectification.INVERSE_EPS);

  /** Creates the projection. */
  public EnergyTransfer {
    if (!(reductionFactor >= 0 && reductionFactor <= 1)) {
      throw new IllegalArgumentException(
          "energy transfer: the reduction factor must lie in [0, 1], got " + reductionFactor);
    }
    if (!(skipBelowSigma >= 0) || !(inverseEps >= 0)) {
      throw new IllegalArgumentException(
          "energy transfer: the least singular value and the inverse's eps must be at least 0, got %s and %s"
              .formatted(skipBelowSigma, inverseEps));
    }
  }

  /**
   * Is what became of a matrix.
   *
   * @param value the projected matrix, of the shape and type of the given one; that one itself
   *     where it was skipped
   * @param sigmaBefore the singular values of what was projected, the matrix or the merged one
   * @param sigmaAfter those of its projection
   * @param alpha by how much the energy of the kept values grew
   * @param isSkipped whether the matrix was too small and is unchanged
   */
  public record Projected(
      Tensor value, Tensor sigmaBefore, Tensor sigmaAfter, double alpha, boolean isSkipped) {
    /** Returns the share of the energy that lay behind the first r singular values. */
    public double tailShare(int r) {
      double tail = 0;
      double all = 0;
      for (int i = sigmaBefore.count() - 1; i >= 0; i--) {
        double square = sigmaBefore.get(i) * sigmaBefore.get(i);
        tail += i < r ? 0 : square;
        all += square;
      }
      return all == 0 ? 0 : tail / all;
    }
  }

  /** Returns this projection with another reduction factor. */
  public EnergyTransfer withReductionFactor(double factor) {
    return new EnergyTransfer(transfers, factor, skipBelowSigma, inverseEps);
  }

  /** Returns this projection with another bound below which matrices stay as they are. */
  public EnergyTransfer withSkipBelowSigma(double sigma) {
    return new EnergyTransfer(transfers, reductionFactor, sigma, inverseEps);
  }

  /** Returns this projection with another guard of the inverse of a batch norm's factors. */
  public EnergyTransfer withInverseEps(double eps) {
    return new EnergyTransfer(transfers, reductionFactor, skipBelowSigma, eps);
  }

  /**
   * Projects a matrix (2.3).
   *
   * @param matrix {@code [m, n]}, F32 or F64, not modified
   * @param rank r, from 1 to {@code min(m, n)}
   * @throws IllegalArgumentException if the rank is another one
   * @throws StateException if an entry is NaN or infinite
   */
  public Projected project(Tensor matrix, int rank) {
    return project("matrix", matrix, rank, null);
  }

  /**
   * Projects what a convolution and the batch norm behind it are together, {@code diag(a)·M}, and
   * divides by a again (2.4): the best approximation of what inference computes.
   *
   * @param matrix {@code [m, n]}, F32 or F64, not modified
   * @param rank r, from 1 to {@code min(m, n)}
   * @param scale a, {@code [m]}: {@link BatchNormRectification#scale}; null for the plain one
   * @throws IllegalArgumentException if the rank is another one
   * @throws ShapeException if there is not one factor a row
   * @throws StateException if an entry is NaN or infinite
   */
  public Projected project(Tensor matrix, int rank, Tensor scale) {
    return project("matrix", matrix, rank, scale);
  }

  /** Projects a matrix that errors call by a layer's name. */
  Projected project(String name, Tensor matrix, int rank, Tensor scale) {
    requireFinite(name, matrix);
    Tensor merged = matrix;
    if (scale != null) {
      if (matrix.shape().rank() != 2 || scale.count() != matrix.shape().size(0)) {
        throw new ShapeException(
            "energy transfer: %s is %s, got %d factors; there must be one a row"
                .formatted(name, matrix.shape(), scale.count()));
      }
      requireFinite(name + "'s batch norm", scale);
      merged = BatchNormRectification.multiplyRows(scale, matrix);
    }
    Svd svd = decompose(name, merged);
    requireRank(name, rank, svd.singularValues().count());
    Tensor sigma = svd.singularValues();
    double largest = sigma.get(0);
    if (largest < skipBelowSigma || largest == 0) {
      return new Projected(matrix, sigma, sigma, 1, true);
    }
    double alpha = alpha(sigma, rank);
    Tensor projected = combine(merged, svd.truncate(rank).reconstruct(), Math.sqrt(alpha));
    if (scale != null) {
      projected =
          BatchNormRectification.multiplyRows(
              BatchNormRectification.inverse(scale, inverseEps), projected);
    }
    keepZeroRows(matrix, projected);
    return new Projected(
        projected.to(matrix.dtype()), sigma, after(sigma, rank, alpha), alpha, false);
  }

  static void requireFinite(String name, Tensor values) {
    for (int i = 0; i < values.count(); i++) {
      if (!Double.isFinite(values.get(i))) {
        throw new StateException(
            "energy transfer: number %d of %s is %s; a projection needs finite weights and statistics"
                .formatted(i, name, values.get(i)));
      }
    }
  }

  static void requireRank(String name, int rank, int fullRank) {
    if (rank < 1 || rank > fullRank) {
      throw new IllegalArgumentException(
          "low rank: the rank of %s must lie between 1 and %d, got %d"
              .formatted(name, fullRank, rank));
    }
  }

  static Svd decompose(String name, Tensor matrix) {
    try {
      return Svd.of(matrix);
    } catch (StateException diverged) {
      StateException named = new StateException(name + ": " + diverged.getMessage());
      named.initCause(diverged);
      throw named;
    }
  }

  private double alpha(Tensor sigma, int rank) {
    if (!transfers) {
      return 1;
    }
    double kept = 0;
    double tail = 0;
    for (int i = sigma.count() - 1; i >= 0; i--) {
      double square = sigma.get(i) * sigma.get(i);
      kept += i < rank ? square : 0;
      tail += i < rank ? 0 : square;
    }
    return 1 + tail * (1 - reductionFactor * reductionFactor) / kept;
  }

  private Tensor after(Tensor sigma, int rank, double alpha) {
    Tensor after = sigma.copy();
    for (int i = 0; i < after.count(); i++) {
      after.set(i, sigma.get(i) * (i < rank ? Math.sqrt(alpha) : reductionFactor));
    }
    return after;
  }

  private Tensor combine(Tensor matrix, Tensor truncated, double growth) {
    Tensor sum = Tensor.zeros(truncated.dtype(), truncated.shape());
    for (int i = 0; i < sum.count(); i++) {
      sum.set(i, (growth - reductionFactor) * truncated.get(i) + reductionFactor * matrix.get(i));
    }
    return sum;
  }

  /** A filter that was pruned to zeros is found by being exactly zero. */
  private static void keepZeroRows(Tensor matrix, Tensor projected) {
    int columns = matrix.shape().size(1);
    for (int row = 0; row < matrix.shape().size(0); row++) {
      boolean zero = true;
      for (int i = row * columns; zero && i < (row + 1) * columns; i++) {
        zero = matrix.get(i) == 0;
      }
      for (int i = row * columns; zero && i < (row + 1) * columns; i++) {
        projected.set(i, 0);
      }
    }
  }
}
