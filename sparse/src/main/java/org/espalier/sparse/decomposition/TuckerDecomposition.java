package org.espalier.sparse.decomposition;

import org.espalier.nn.Module;
import org.espalier.nn.Sequential;

/**
 * Replaces a convolution by three: 1x1 from {@code in} to {@code r_in} channels, the kernel between
 * {@code r_in} and {@code r_out} with stride and padding, 1x1 to {@code out} with the bias; {@code
 * r_in·in + r_in·r_out·kernel + r_out·out} weights (Tucker-2; resource-efficiency survey, S4; Kim
 * et al. 2016).
 *
 * @param rankOut ranks over outputs
 * @param rankIn ranks over inputs
 * @param sweeps sweeps of higher-order orthogonal iteration behind the higher-order SVD, 0 for none
 */
public record TuckerDecomposition(Rank rankOut, Rank rankIn, int sweeps)
    implements LayerDecomposition {
  /** The sweeps where nothing else is said. */
  public static final int DEFAULT_SWEEPS = 3;

  /** Creates the method with one choice for both ranks and three sweeps. */
  public TuckerDecomposition(Rank rank) {
    this(rank, rank, DEFAULT_SWEEPS);
  }

  /** Creates the method. */
  public TuckerDecomposition {
    if (sweeps < 0) {
      throw new IllegalArgumentException("tucker2: sweeps must be at least 0, got " + sweeps);
    }
  }

  @Override
  public String name() {
    return "tucker2";
  }

  /** Takes convolutions that are not grouped and have more than one kernel position. */
  @Override
  public boolean accepts(Module layer) {
    return WeightLayer.hasWindow(layer);
  }

  @Override
  public Chain decompose(Module layer) {
    WeightLayer read = WeightLayer.of(name(), layer);
    TuckerFactors factors = TuckerFactors.of(read.tensor(), rankOut, rankIn);
    for (int i = 0; i < sweeps; i++) {
      factors = factors.sweep();
    }
    Sequential chain =
        Sequential.builder()
            .add("reduce", read.first(factors.inMatrix().transposed()))
            .add("core", read.windowed(factors.coreMatrix(), 1))
            .add("expand", read.last(factors.outMatrix()))
            .build();
    return new Chain(chain, factors.relativeError());
  }
}
