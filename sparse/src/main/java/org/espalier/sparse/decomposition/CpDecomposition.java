package org.espalier.sparse.decomposition;

import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.tensor.Tensor;

/**
 * Replaces a convolution by four: 1x1 from {@code in} to R channels, depthwise over rows, depthwise
 * over columns, 1x1 to {@code out} with the bias; {@code R·(out + in + height + width)} weights (CP
 * by alternating least squares; resource-efficiency survey, S4; Lebedev et al. 2015). Where the
 * kernel has one row or column, as that of a series, both depthwise layers are one.
 *
 * @param rank R: fixed, or a share (here of the layer's weights, since R has no small bound: the
 *     largest R whose chain has at most that share of them, at least 1); there is no energy
 * @param sweeps the most sweeps
 * @param tolerance by how much the relative error must improve for another sweep
 * @param ridge what is added to the diagonal of each least-squares problem
 * @param seed draws the columns that singular vectors do not fill at the start
 */
public record CpDecomposition(Rank rank, int sweeps, double tolerance, double ridge, long seed)
    implements LayerDecomposition {
  /** The most sweeps where nothing else is said. */
  public static final int DEFAULT_SWEEPS = 50;

  /** The tolerance where nothing else is said. */
  public static final double DEFAULT_TOLERANCE = 1e-6;

  /** The ridge where nothing else is said. */
  public static final double DEFAULT_RIDGE = 1e-12;

  /** Creates the method with fifty sweeps at most. */
  public CpDecomposition(Rank rank) {
    this(rank, DEFAULT_SWEEPS, DEFAULT_TOLERANCE, DEFAULT_RIDGE, 0);
  }

  /** Creates the method. */
  public CpDecomposition {
    if (rank instanceof Rank.Energy) {
      throw new IllegalArgumentException("cp: " + rank + " has no meaning; use a rank or a share");
    }
    if (sweeps < 1) {
      throw new IllegalArgumentException("cp: sweeps must be at least 1, got " + sweeps);
    }
    if (!(ridge >= 0)) {
      throw new IllegalArgumentException("cp: the ridge must not be negative, got " + ridge);
    }
  }

  @Override
  public String name() {
    return "cp";
  }

  /** Takes convolutions that are not grouped and have more than one kernel position. */
  @Override
  public boolean accepts(Module layer) {
    return WeightLayer.hasWindow(layer);
  }

  @Override
  public Chain decompose(Module layer) {
    WeightLayer read = WeightLayer.of(name(), layer);
    CpFactors factors = CpFactors.of(read.tensor(), terms(read), seed);
    factors.fit(sweeps, tolerance, ridge);
    return new Chain(chain(read, factors), factors.relativeError());
  }

  private int terms(WeightLayer read) {
    if (rank instanceof Rank.Fixed fixed) {
      return fixed.rank();
    }
    double share = ((Rank.Share) rank).share();
    int perTerm = read.out() + read.in() + read.height() + read.width();
    return Math.max(1, (int) (share * read.weight().values().length / perTerm));
  }

  /**
   * Returns the chain of given factors in place of a convolution.
   *
   * @param layer the convolution, not modified; its weight is not looked at
   */
  public static Module chain(Module layer, CpFactors factors) {
    return chain(WeightLayer.of("cp", layer), factors);
  }

  private static Module chain(WeightLayer read, CpFactors factors) {
    Matrix rows = matrix(factors.height()).transposed();
    Matrix columns = matrix(factors.width()).transposed();
    Sequential.Builder chain =
        Sequential.builder().add("reduce", read.first(matrix(factors.in()).transposed()));
    if (read.height() > 1 && read.width() > 1) {
      chain.add("vertical", read.vertical(rows)).add("horizontal", read.horizontal(columns));
    } else {
      chain.add("depthwise", read.windowed(joined(rows, columns), rows.rows()));
    }
    return chain.add("expand", read.last(matrix(factors.out()))).build();
  }

  private static Matrix matrix(Tensor factor) {
    return Matrix.of(factor);
  }

  /** Returns the kernel of each term, {@code [R, height · width]}. */
  private static Matrix joined(Matrix rows, Matrix columns) {
    Matrix kernels = Matrix.zeros(rows.rows(), rows.columns() * columns.columns());
    for (int r = 0; r < kernels.rows(); r++) {
      for (int k = 0; k < kernels.columns(); k++) {
        kernels.values()[r * kernels.columns() + k] =
            rows.get(r, k / columns.columns()) * columns.get(r, k % columns.columns());
      }
    }
    return kernels;
  }
}
