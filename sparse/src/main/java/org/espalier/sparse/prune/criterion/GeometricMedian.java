package org.espalier.sparse.prune.criterion;

import java.util.List;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;

/**
 * Scores a filter by the sum of its distances to all filters of its layer, {@code Σⱼ ‖wᵢ - wⱼ‖₂}:
 * one near the geometric median of the layer can be replaced by the others (He et al., "Filter
 * Pruning via Geometric Median", CVPR 2019, section 3.3).
 */
public record GeometricMedian() implements Criterion {
  @Override
  public double[] score(ChannelGroup group) {
    List<double[]> filters = group.root().values();
    double[] sums = new double[filters.size()];
    for (int i = 0; i < sums.length; i++) {
      for (int j = 0; j < i; j++) {
        double distance = distance(filters.get(i), filters.get(j));
        sums[i] += distance;
        sums[j] += distance;
      }
    }
    return sums;
  }

  private static double distance(double[] a, double[] b) {
    double squares = 0;
    for (int k = 0; k < a.length; k++) {
      squares += (a[k] - b[k]) * (a[k] - b[k]);
    }
    return Math.sqrt(squares);
  }
}
