package org.espalier.sparse.prune.criterion.nisp;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.parallel.Parallel;

/** Holds samples of features column by column, and what is known of them. */
final class Features {
  private final double[][] columns;
  private final boolean[] constant;

  private Features(double[][] columns) {
    this.columns = columns;
    constant = new boolean[columns.length];
    for (int j = 0; j < columns.length; j++) {
      double first = columns[j][0];
      constant[j] = Arrays.stream(columns[j]).allMatch(value -> value == first);
    }
  }

  /** Reads {@code [samples, features]}; at least two samples, all finite. */
  static Features of(Tensor features) {
    if (features.shape().rank() != 2) {
      throw new ShapeException(
          "feature selection: expected [samples, features], got " + features.shape());
    }
    int samples = features.shape().size(0);
    int width = features.shape().size(1);
    if (samples < 2) {
      throw new IllegalArgumentException(
          "feature selection: needs at least 2 samples, got " + samples);
    }
    double[][] columns = new double[width][samples];
    for (int t = 0; t < samples; t++) {
      for (int j = 0; j < width; j++) {
        double value = features.get(t * width + j);
        if (!Double.isFinite(value)) {
          throw new IllegalArgumentException(
              "feature selection: feature %d of sample %d is %s".formatted(j, t, value));
        }
        columns[j][t] = value;
      }
    }
    return new Features(columns);
  }

  int width() {
    return columns.length;
  }

  boolean isConstant(int feature) {
    return constant[feature];
  }

  /** Returns the numbers of the features that never change. */
  int[] constants() {
    return IntStream.range(0, width()).filter(this::isConstant).toArray();
  }

  /** Returns the standard deviations: sums of squares by samples minus {@code lost}. */
  double[] deviations(int lost) {
    double[] deviations = new double[width()];
    for (int j = 0; j < deviations.length; j++) {
      double mean = Arrays.stream(columns[j]).average().orElse(0);
      double squares = Arrays.stream(columns[j]).map(x -> (x - mean) * (x - mean)).sum();
      deviations[j] = constant[j] ? 0 : Math.sqrt(squares / (columns[j].length - lost));
    }
    return deviations;
  }

  /** Returns Spearman's rank correlations; 0 where a feature is constant, on the diagonal too. */
  double[][] spearman() {
    int width = width();
    double[][] ranks = new double[width][];
    for (int j = 0; j < width; j++) {
      ranks[j] = constant[j] ? new double[columns[j].length] : standardised(ranks(columns[j]));
    }
    double[][] rho = new double[width][width];
    Parallel.range(
        width,
        Parallel.grain((long) width * columns[0].length / 2),
        (from, to) -> {
          for (int i = from; i < to; i++) {
            for (int j = 0; j < width; j++) {
              rho[i][j] = i == j ? (constant[i] ? 0 : 1) : bounded(dot(ranks[i], ranks[j]));
            }
          }
        });
    return rho;
  }

  private static double bounded(double rho) {
    return Math.max(-1, Math.min(1, rho));
  }

  private static double dot(double[] a, double[] b) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int t = 0;
    for (; t + 3 < a.length; t += 4) {
      s0 += a[t] * b[t];
      s1 += a[t + 1] * b[t + 1];
      s2 += a[t + 2] * b[t + 2];
      s3 += a[t + 3] * b[t + 3];
    }
    for (; t < a.length; t++) {
      s0 += a[t] * b[t];
    }
    return s0 + s1 + (s2 + s3);
  }

  /** Returns ranks from 1; equal values share the mean of theirs. */
  static double[] ranks(double... values) {
    Integer[] order = IntStream.range(0, values.length).boxed().toArray(Integer[]::new);
    Arrays.sort(order, (a, b) -> Double.compare(values[a], values[b]));
    double[] ranks = new double[values.length];
    int from = 0;
    while (from < order.length) {
      int to = from + 1;
      while (to < order.length && values[order[to]] == values[order[from]]) {
        to++;
      }
      for (int k = from; k < to; k++) {
        ranks[order[k]] = (from + 1 + to) / 2.0;
      }
      from = to;
    }
    return ranks;
  }

  /** Shifts to mean 0 and scales to length 1, so that correlations are products. */
  private static double[] standardised(double... ranks) {
    double mean = (ranks.length + 1) / 2.0;
    double squares = 0;
    for (double rank : ranks) {
      squares += (rank - mean) * (rank - mean);
    }
    double length = Math.sqrt(squares);
    return Arrays.stream(ranks).map(rank -> (rank - mean) / length).toArray();
  }
}
