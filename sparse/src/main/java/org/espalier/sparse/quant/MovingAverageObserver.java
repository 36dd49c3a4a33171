package org.espalier.sparse.quant;

import org.espalier.tensor.Tensor;

/**
 * Averages the ends of each batch: {@code lo ← lo + rate·(min(x) - lo)}, hi alike; the first batch
 * sets them (resource-efficiency survey, Q1).
 */
final class MovingAverageObserver implements Observer {
  private final String name;
  private final double rate;
  private Range range;

  MovingAverageObserver(String name, double rate) {
    this.name = name;
    this.rate = rate;
  }

  @Override
  public void observe(Tensor x) {
    Range seen = Range.of(name, x);
    range = range == null ? seen : moved(range, seen, rate);
  }

  /** Returns a range moved towards another one by a share of the way. */
  static Range moved(Range range, Range seen, double rate) {
    return new Range(
        (float) (range.low() + rate * (seen.low() - range.low())),
        (float) (range.high() + rate * (seen.high() - range.high())));
  }

  @Override
  public Range range() {
    if (range == null) {
      throw Observers.nothingSeen(name);
    }
    return range;
  }
}
