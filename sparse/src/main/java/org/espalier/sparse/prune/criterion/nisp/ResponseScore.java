package org.espalier.sparse.prune.criterion.nisp;

import java.util.Arrays;
import org.espalier.tensor.Tensor;

/** Lists simple scores of features, besides {@link InfiniteFeatureSelection}. */
public enum ResponseScore implements ResponseScorer {
  /** {@code Σ_k |W_classifier[k, j]|}, as a public re-implementation of NISP has it. */
  ABS_OUT_WEIGHT {
    @Override
    public double[] score(Tensor features, Tensor classifier) {
      int width = features.shape().size(1);
      if (classifier == null || classifier.shape().size(-1) != width) {
        throw new IllegalArgumentException(
            "neuron importance: no classifier reads the %d features one by one; rank them otherwise"
                .formatted(width));
      }
      double[] sums = new double[width];
      for (int e = 0; e < classifier.count(); e++) {
        sums[e % width] += Math.abs(classifier.get(e));
      }
      return sums;
    }
  },
  /** The sample variance. */
  VARIANCE {
    @Override
    public double[] score(Tensor features, Tensor classifier) {
      double[] deviations = Features.of(features).deviations(1);
      return Arrays.stream(deviations).map(s -> s * s).toArray();
    }
  },
  /** 1 for each. */
  UNIFORM {
    @Override
    public double[] score(Tensor features, Tensor classifier) {
      double[] ones = new double[features.shape().size(1)];
      Arrays.fill(ones, 1);
      return ones;
    }
  }
}
