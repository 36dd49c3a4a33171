package org.espalier.nn.metric;

import java.util.Arrays;
import java.util.Locale;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/**
 * Counts how often each class was answered as each class, and what follows from it: accuracy,
 * precision, recall and F-beta a class and on average. Scores {@code [..., c]}, I32 classes {@code
 * [...]}. A share of nothing (a class never answered, or never wanted) is 0, as in scikit-learn.
 */
public final class ConfusionMatrix implements Metric {
  private final long[][] counts;

  /** Creates an empty matrix. */
  public ConfusionMatrix(int classes) {
    if (classes < 1) {
      throw new IllegalArgumentException(
          "confusion matrix: needs at least one class, got " + classes);
    }
    counts = new long[classes][classes];
  }

  @Override
  public String name() {
    return "accuracy";
  }

  @Override
  public void add(Tensor output, Tensor target) {
    Ranking ranking = new Ranking(output, target);
    if (ranking.classes() != counts.length) {
      throw new ShapeException(
          "confusion matrix: has %d classes, the scores %s have %d"
              .formatted(counts.length, output.shape(), ranking.classes()));
    }
    ranking.forEach((row, wanted) -> counts[wanted][ranking.best(row)]++);
  }

  /** Returns how often a class was answered as another one. */
  public long count(int wanted, int answered) {
    return counts[wanted][answered];
  }

  /** Returns a copy of all counts, a row for each class wanted. */
  public long[][] counts() {
    long[][] copy = new long[counts.length][];
    for (int c = 0; c < copy.length; c++) {
      copy[c] = counts[c].clone();
    }
    return copy;
  }

  /** Returns the number of samples. */
  public long samples() {
    long sum = 0;
    for (int c = 0; c < counts.length; c++) {
      sum += wanted(c);
    }
    return sum;
  }

  private long wanted(int klass) {
    long sum = 0;
    for (long count : counts[klass]) {
      sum += count;
    }
    return sum;
  }

  private long answered(int klass) {
    long sum = 0;
    for (long[] row : counts) {
      sum += row[klass];
    }
    return sum;
  }

  private long right() {
    long sum = 0;
    for (int c = 0; c < counts.length; c++) {
      sum += counts[c][c];
    }
    return sum;
  }

  /** Returns the share of right answers. */
  @Override
  public double value() {
    return samples() == 0 ? Double.NaN : (double) right() / samples();
  }

  /** Returns the share of right ones among the answers of a class. */
  public double precision(int klass) {
    return FBeta.share(counts[klass][klass], answered(klass));
  }

  /** Returns the share of samples of a class that were answered right. */
  public double recall(int klass) {
    return FBeta.share(counts[klass][klass], wanted(klass));
  }

  /** Returns {@code (1+β²)·P·R / (β²·P+R)} of a class. */
  public double fBeta(int klass, double beta) {
    long right = counts[klass][klass];
    return FBeta.of(beta, right, answered(klass) - right, wanted(klass) - right);
  }

  /** Returns the mean F-beta of all classes. */
  public double macroFBeta(double beta) {
    double sum = 0;
    for (int c = 0; c < counts.length; c++) {
      sum += fBeta(c, beta);
    }
    return sum / counts.length;
  }

  /** Returns the F-beta of all answers together, which is the accuracy for one class a sample. */
  public double microFBeta(double beta) {
    long wrong = samples() - right();
    return FBeta.of(beta, right(), wrong, wrong);
  }

  @Override
  public void reset() {
    for (long[] row : counts) {
      Arrays.fill(row, 0);
    }
  }

  /**
   * Returns a table: a row for each class wanted, a column for each answered, recall at the end.
   */
  @Override
  public String toString() {
    int width = Math.max(6, Long.toString(samples()).length() + 1);
    StringBuilder table = new StringBuilder(" ".repeat(width));
    for (int c = 0; c < counts.length; c++) {
      table.append(cell(c, width));
    }
    table.append("  recall").append(System.lineSeparator());
    for (int c = 0; c < counts.length; c++) {
      table.append(cell(c, width));
      for (long count : counts[c]) {
        table.append(cell(count, width));
      }
      table.append(String.format(Locale.ROOT, "%8.4f", recall(c))).append(System.lineSeparator());
    }
    return table.toString();
  }

  private static String cell(long value, int width) {
    return String.format(Locale.ROOT, "%" + width + "d", value);
  }
}
