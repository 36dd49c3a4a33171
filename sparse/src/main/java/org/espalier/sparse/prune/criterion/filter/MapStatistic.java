package org.espalier.sparse.prune.criterion.filter;

/**
 * Measures the maps that a filter gives for many images, before norm and activation (Li et al.,
 * "Pruning Filters for Efficient ConvNets", ICLR 2017, section 4.5). Deviation and variance are
 * those of the population (reconstructed).
 */
public enum MapStatistic {
  /** The mean over images of a map's mean. */
  MEAN_MEAN {
    @Override
    double of(MapSums sums) {
      return sums.mean();
    }
  },
  /** The mean over images of a map's standard deviation. */
  MEAN_STD {
    @Override
    double of(MapSums sums) {
      return sums.deviation();
    }
  },
  /** The mean over images of {@code Σ |o|}. */
  MEAN_L1 {
    @Override
    double of(MapSums sums) {
      return sums.l1();
    }
  },
  /** The mean over images of {@code √(Σ o²)}. */
  MEAN_L2 {
    @Override
    double of(MapSums sums) {
      return sums.l2();
    }
  },
  /** The variance over images of {@code √(Σ o²)}. */
  VAR_L2 {
    @Override
    double of(MapSums sums) {
      return sums.varianceOfL2();
    }
  };

  abstract double of(MapSums sums);
}
