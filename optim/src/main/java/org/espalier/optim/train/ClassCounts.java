package org.espalier.optim.train;

import org.espalier.tensor.Tensor;

/** Counts answers by class. */
final class ClassCounts {
  private final int k;
  private long[][] confusion = {};
  private long samples;
  private long among;

  ClassCounts(int k) {
    this.k = k;
  }

  void add(Tensor output, Tensor target) {
    int classes = output.shape().size(-1);
    if (confusion.length == 0) {
      confusion = new long[classes][classes];
    }
    for (int row = 0; row < target.count(); row++) {
      int wanted = (int) target.get(row);
      if (wanted >= 0) {
        samples++;
        among += rank(output, row * classes, classes, wanted) < k ? 1 : 0;
        confusion[wanted][largest(output, row * classes, classes)]++;
      }
    }
  }

  /** Returns the first of the largest outputs of a row. */
  static int largest(Tensor output, int from, int classes) {
    int best = 0;
    for (int c = 1; c < classes; c++) {
      if (output.get(from + c) > output.get(from + best)) {
        best = c;
      }
    }
    return best;
  }

  /** Returns how many outputs come before the wanted one; of equal ones the first comes first. */
  private static int rank(Tensor output, int from, int classes, int wanted) {
    double value = output.get(from + wanted);
    int before = 0;
    for (int c = 0; c < classes; c++) {
      double other = output.get(from + c);
      before += other > value || (other == value && c < wanted) ? 1 : 0;
    }
    return before;
  }

  double topK() {
    return samples == 0 ? Double.NaN : (double) among / samples;
  }

  long[][] confusion() {
    return confusion;
  }
}
