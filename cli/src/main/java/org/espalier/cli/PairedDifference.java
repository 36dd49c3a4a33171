package org.espalier.cli;

import java.util.List;

/**
 * Compares a model with others on the same samples: {@code d_i = right_i - mean over the others of
 * right_i}.
 *
 * @param mean the mean of the differences
 * @param standardError their standard deviation over the root of their number: what another draw of
 *     samples may change; it says nothing of other seeds
 */
record PairedDifference(double mean, double standardError) {
  /** Compares; all must have been measured on the same samples, two at least. */
  static PairedDifference of(Hits one, List<Hits> others) {
    int n = one.samples();
    if (n < 2 || others.isEmpty() || others.stream().anyMatch(other -> other.samples() != n)) {
      throw new IllegalArgumentException(
          "a paired difference needs the same samples, two at least: got %d and %s"
              .formatted(n, others.stream().map(Hits::samples).toList()));
    }
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < n; i++) {
      double difference = one.at(i);
      for (Hits other : others) {
        difference -= (double) other.at(i) / others.size();
      }
      sum += difference;
      squares += difference * difference;
    }
    double mean = sum / n;
    double variance = Math.max(0, (squares - n * mean * mean) / (n - 1));
    return new PairedDifference(mean, Math.sqrt(variance / n));
  }

  /** Returns the difference and its standard error in points of a hundred. */
  @Override
  public String toString() {
    return "%s%s ± %s"
        .formatted(
            mean < 0 ? "" : "+",
            Figures.decimal(100 * mean, 2),
            Figures.decimal(100 * standardError, 2));
  }
}
