package org.espalier.sparse.prune;

import org.espalier.tensor.Tensor;

/** Measures filters, the rows of a weight (soft filter pruning, section 2.1). */
public enum FilterNorm {
  /** {@code Σ |w|}. */
  L1 {
    @Override
    double add(double sum, double w) {
      return sum + Math.abs(w);
    }
  },
  /** {@code √(Σ w²)}. */
  L2 {
    @Override
    double add(double sum, double w) {
      return sum + w * w;
    }

    @Override
    double finish(double sum) {
      return Math.sqrt(sum);
    }
  };

  abstract double add(double sum, double w);

  double finish(double sum) {
    return sum;
  }

  /** Returns the norm of each row of a weight, which is not modified. */
  public double[] of(Tensor weight) {
    double[] norms = new double[weight.shape().size(0)];
    int row = weight.count() / norms.length;
    for (int o = 0; o < norms.length; o++) {
      double sum = 0;
      for (int e = o * row; e < (o + 1) * row; e++) {
        sum = add(sum, weight.get(e));
      }
      norms[o] = finish(sum);
    }
    return norms;
  }
}
