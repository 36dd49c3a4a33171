package org.espalier.optim.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.nn.metric.TopK;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;

/** Adds up loss and right answers over the batches of an epoch. */
final class Tally {
  private final TopK accuracy = TopK.accuracy();
  private double lossSum;
  private long samples;
  private long answers;
  private long right;

  void add(double loss, Tensor output, Tensor target, int size) {
    lossSum += loss * size;
    samples += size;
    if (areClasses(output, target)) {
      accuracy.reset();
      accuracy.add(output, target);
      answers += accuracy.samples();
      right += accuracy.right();
    }
  }

  /** Tells whether targets are class numbers, one for each row of scores. */
  static boolean areClasses(Tensor output, Tensor target) {
    return target.dtype() == DType.I32 && output.shape().rank() == target.shape().rank() + 1;
  }

  double loss() {
    return lossSum / samples;
  }

  long samples() {
    return samples;
  }

  double accuracy() {
    return answers == 0 ? Double.NaN : (double) right / answers;
  }

  Map<String, Double> metrics(String prefix) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put(prefix + "_loss", loss());
    if (answers > 0) {
      metrics.put(prefix + "_accuracy", accuracy());
    }
    return metrics;
  }

  Map<String, Object> state() {
    return Map.of("lossSum", lossSum, "samples", samples, "answers", answers, "right", right);
  }

  static Tally of(Map<String, Object> state) {
    Tally tally = new Tally();
    tally.lossSum = Plain.number(state, "lossSum");
    tally.samples = Plain.integer(state, "samples");
    tally.answers = Plain.integer(state, "answers");
    tally.right = Plain.integer(state, "right");
    return tally;
  }
}
