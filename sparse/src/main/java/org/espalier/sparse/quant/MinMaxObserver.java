package org.espalier.sparse.quant;

import org.espalier.tensor.Tensor;

/** Takes the smallest and the largest value ever seen (resource-efficiency survey, Q7). */
final class MinMaxObserver implements Observer {
  private final String name;
  private Range range;

  MinMaxObserver(String name) {
    this.name = name;
  }

  @Override
  public void observe(Tensor x) {
    Range seen = Range.of(name, x);
    range = range == null ? seen : range.union(seen);
  }

  @Override
  public Range range() {
    if (range == null) {
      throw Observers.nothingSeen(name);
    }
    return range;
  }
}
