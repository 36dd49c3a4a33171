package org.espalier.nn.metric;

import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/**
 * F-beta of several labels a sample: {@code (1+β²)·TP / ((1+β²)·TP + β²·FN + FP)}, a label being
 * answered where its score is above a threshold. Scores and 0/1 targets {@code [n, labels]}; a
 * share of nothing is 0, as in scikit-learn.
 */
public final class FBeta implements Metric {
  /** Says what the F-beta is an average of. */
  public enum Average {
    /** All answers together. */
    MICRO,
    /** The mean over labels. */
    MACRO,
    /** The mean over samples. */
    SAMPLES
  }

  private final double beta;
  private final double threshold;
  private final Average average;
  private long[] truePositives = {};
  private long[] falsePositives = {};
  private long[] falseNegatives = {};
  private double sampleSum;
  private long samples;

  /**
   * Creates the metric.
   *
   * @param beta how much recall counts against precision: 1 equally, 2 more
   * @param threshold scores above it are answers: 0 for logits, 0.5 for probabilities
   */
  public FBeta(double beta, double threshold, Average average) {
    if (!(beta > 0)) {
      throw new IllegalArgumentException("f-beta: beta must be positive, got " + beta);
    }
    this.beta = beta;
    this.threshold = threshold;
    this.average = average;
  }

  static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  static double of(double beta, long truePositives, long falsePositives, long falseNegatives) {
    double square = beta * beta;
    double denominator = (1 + square) * truePositives + square * falseNegatives + falsePositives;
    return denominator == 0 ? 0 : (1 + square) * truePositives / denominator;
  }

  @Override
  public String name() {
    String number = beta == Math.rint(beta) ? String.valueOf((long) beta) : String.valueOf(beta);
    return "f" + number;
  }

  @Override
  public void add(Tensor output, Tensor target) {
    if (output.shape().rank() != 2 || !output.shape().equals(target.shape())) {
      throw new ShapeException(
          "f-beta: scores and targets must be [n, labels] both, got %s and %s"
              .formatted(output.shape(), target.shape()));
    }
    int labels = output.shape().size(1);
    prepare(labels);
    for (int n = 0; n < output.shape().size(0); n++) {
      addSample(output, target, n * labels, labels);
    }
  }

  private void prepare(int labels) {
    if (samples == 0) {
      truePositives = new long[labels];
      falsePositives = new long[labels];
      falseNegatives = new long[labels];
    } else if (truePositives.length != labels) {
      throw new ShapeException(
          "f-beta: got %d labels, %d before".formatted(labels, truePositives.length));
    }
  }

  private void addSample(Tensor output, Tensor target, int from, int labels) {
    long right = 0;
    long extra = 0;
    long missing = 0;
    for (int c = 0; c < labels; c++) {
      double score = output.get(from + c);
      double wanted = target.get(from + c);
      if (Double.isNaN(score) || wanted != 0 && wanted != 1) {
        throw new IllegalArgumentException(
            "f-beta: needs a score and a target 0 or 1, got " + score + " and " + wanted);
      }
      boolean answered = score > threshold;
      if (answered && wanted == 1) {
        truePositives[c]++;
        right++;
      } else if (answered) {
        falsePositives[c]++;
        extra++;
      } else if (wanted == 1) {
        falseNegatives[c]++;
        missing++;
      }
    }
    samples++;
    sampleSum += of(beta, right, extra, missing);
  }

  /** Returns the F-beta of one label. */
  public double label(int label) {
    return of(beta, truePositives[label], falsePositives[label], falseNegatives[label]);
  }

  /** Returns the share of right ones among the answers of a label. */
  public double precision(int label) {
    return share(truePositives[label], truePositives[label] + falsePositives[label]);
  }

  /** Returns the share of samples with a label that were answered so. */
  public double recall(int label) {
    return share(truePositives[label], truePositives[label] + falseNegatives[label]);
  }

  @Override
  public double value() {
    if (samples == 0) {
      return Double.NaN;
    }
    return switch (average) {
      case MICRO -> of(beta, sum(truePositives), sum(falsePositives), sum(falseNegatives));
      case MACRO -> macro();
      case SAMPLES -> sampleSum / samples;
    };
  }

  private double macro() {
    double sum = 0;
    for (int c = 0; c < truePositives.length; c++) {
      sum += label(c);
    }
    return sum / truePositives.length;
  }

  private static long sum(long[] counts) {
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    return sum;
  }

  @Override
  public void reset() {
    samples = 0;
    sampleSum = 0;
  }
}
