package org.espalier.nn.metric;

import org.espalier.autograd.op.Losses;
import org.espalier.tensor.DType;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/**
 * Reads a batch of scores {@code [..., c]} and I32 classes {@code [...]} row by row; the target
 * {@link Losses#IGNORE_INDEX} is skipped.
 *
 * @param output the scores
 * @param target the classes
 */
record Ranking(Tensor output, Tensor target) {
  /** What is done with one row. */
  @FunctionalInterface
  interface Visitor {
    void row(int row, int wanted);
  }

  Ranking {
    if (target.dtype() != DType.I32) {
      throw new DTypeException("metric: class targets must be I32, got " + target.dtype());
    }
    if (output.shape().rank() < 1
        || output.shape().count(0, output.shape().rank() - 1) != target.count()) {
      throw new ShapeException(
          "metric: scores " + output.shape() + " need one target a row, got " + target.shape());
    }
  }

  int classes() {
    return output.shape().size(-1);
  }

  void forEach(Visitor visitor) {
    for (int row = 0; row < target.count(); row++) {
      int wanted = (int) target.get(row);
      if (wanted == Losses.IGNORE_INDEX) {
        continue;
      }
      if (wanted < 0 || wanted >= classes()) {
        throw new IllegalArgumentException(
            "metric: target %d of row %d is outside 0..%d".formatted(wanted, row, classes() - 1));
      }
      visitor.row(row, wanted);
    }
  }

  private double score(int row, int klass) {
    double score = output.get(row * classes() + klass);
    if (Double.isNaN(score)) {
      throw new IllegalArgumentException(
          "metric: the score of row %d, class %d is NaN".formatted(row, klass));
    }
    return score;
  }

  /** Returns the class of the largest score, the first of equal ones. */
  int best(int row) {
    int best = 0;
    for (int c = 1; c < classes(); c++) {
      if (score(row, c) > score(row, best)) {
        best = c;
      }
    }
    return best;
  }

  /** Returns how many classes come before one; of equal scores the first class comes first. */
  int rank(int row, int klass) {
    double wanted = score(row, klass);
    int before = 0;
    for (int c = 0; c < classes(); c++) {
      double other = score(row, c);
      if (other > wanted || other == wanted && c < klass) {
        before++;
      }
    }
    return before;
  }
}
