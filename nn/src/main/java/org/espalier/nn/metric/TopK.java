package org.espalier.nn.metric;

import org.espalier.tensor.Tensor;

/**
 * Share of samples whose class is among the k largest scores; of equal scores the first class comes
 * first. Scores {@code [..., c]}, I32 classes {@code [...]}.
 */
public final class TopK implements Metric {
  private final int k;
  private long samples;
  private long right;

  /** Creates the metric; k = 1 is the accuracy. */
  public TopK(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("top-k: k must be at least 1, got " + k);
    }
    this.k = k;
  }

  /** Returns the share of right answers. */
  public static TopK accuracy() {
    return new TopK(1);
  }

  @Override
  public String name() {
    return k == 1 ? "accuracy" : "top" + k;
  }

  @Override
  public void add(Tensor output, Tensor target) {
    Ranking ranking = new Ranking(output, target);
    ranking.forEach(
        (row, wanted) -> {
          samples++;
          right += ranking.rank(row, wanted) < k ? 1 : 0;
        });
  }

  /** Returns the number of samples counted. */
  public long samples() {
    return samples;
  }

  /** Returns the number of right answers. */
  public long right() {
    return right;
  }

  @Override
  public double value() {
    return samples == 0 ? Double.NaN : (double) right / samples;
  }

  @Override
  public void reset() {
    samples = 0;
    right = 0;
  }
}
