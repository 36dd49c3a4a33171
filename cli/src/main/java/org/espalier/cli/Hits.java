package org.espalier.cli;

import java.util.Base64;
import java.util.BitSet;
import org.espalier.nn.metric.Metric;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Tensor;

/**
 * Notes sample by sample whether the largest output is that of the right class (of equal outputs
 * the first counts), so that two models can be compared on the same samples.
 */
final class Hits implements Metric {
  private final BitSet right = new BitSet();
  private int samples;

  /** Reads what {@link #text} wrote. */
  static Hits of(int samples, String text) {
    Hits hits = new Hits();
    try {
      hits.right.or(BitSet.valueOf(Base64.getDecoder().decode(text)));
    } catch (IllegalArgumentException e) {
      throw new FormatException("the noted answers are damaged: " + e.getMessage(), e);
    }
    if (hits.right.length() > samples) {
      throw new FormatException(
          "the noted answers are damaged: more than the %d samples there were".formatted(samples));
    }
    hits.samples = samples;
    return hits;
  }

  @Override
  public String name() {
    return "hits";
  }

  @Override
  public void add(Tensor output, Tensor target) {
    int classes = output.shape().size(-1);
    for (int i = 0; i < target.count(); i++) {
      int best = 0;
      for (int c = 1; c < classes; c++) {
        if (output.get(i * classes + c) > output.get(i * classes + best)) {
          best = c;
        }
      }
      right.set(samples++, best == (int) target.get(i));
    }
  }

  @Override
  public double value() {
    return samples == 0 ? Double.NaN : (double) right.cardinality() / samples;
  }

  @Override
  public void reset() {
    right.clear();
    samples = 0;
  }

  /** Returns the number of samples. */
  int samples() {
    return samples;
  }

  /** Returns 1 where the answer to a sample was right, else 0. */
  int at(int sample) {
    return right.get(sample) ? 1 : 0;
  }

  /** Returns the answers as text, six samples a letter. */
  String text() {
    return Base64.getEncoder().encodeToString(right.toByteArray());
  }
}
