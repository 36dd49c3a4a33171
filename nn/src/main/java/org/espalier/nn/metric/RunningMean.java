package org.espalier.nn.metric;

/** Mean of numbers with weights, such as batch losses by batch size. Not thread-safe. */
public final class RunningMean {
  private double sum;
  private double weights;

  /** Creates an empty mean. */
  public RunningMean() {}

  /** Adds a number. */
  public void add(double value, double weight) {
    if (!(weight >= 0)) {
      throw new IllegalArgumentException(
          "running mean: a weight must not be negative, got " + weight);
    }
    sum += value * weight;
    weights += weight;
  }

  /** Returns the mean, NaN where nothing was added. */
  public double value() {
    return weights == 0 ? Double.NaN : sum / weights;
  }

  /** Returns the sum of all weights. */
  public double weight() {
    return weights;
  }

  /** Forgets all numbers. */
  public void reset() {
    sum = 0;
    weights = 0;
  }
}
