package org.espalier.sparse.prune.criterion.nisp;

import org.espalier.tensor.Tensor;

/** Says what the features of the last layer in front of the classifier are worth. */
@FunctionalInterface
public interface ResponseScorer {
  /**
   * Returns one score a feature, not negative; the higher, the more important.
   *
   * @param features {@code [samples, features]}, behind the activation, not modified
   * @param classifier the classifier's weight {@code [classes, features]}, or null where there is
   *     none that reads the features one by one; not modified
   */
  double[] score(Tensor features, Tensor classifier);
}
