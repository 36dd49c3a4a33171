package org.espalier.sparse.quant;

import java.util.function.ToDoubleFunction;
import org.espalier.tensor.Tensor;

/**
 * Finds a threshold T of magnitudes; the range is {@code [-T, T]}, or {@code [0, T]} of a tensor
 * that is never negative (resource-efficiency survey, Q7).
 */
final class ThresholdObserver implements Observer {
  private final String name;
  private final Magnitudes values;
  private final ToDoubleFunction<Magnitudes> choice;

  ThresholdObserver(String name, boolean ignoreZeros, ToDoubleFunction<Magnitudes> choice) {
    this.name = name;
    this.values = new Magnitudes(name, ignoreZeros);
    this.choice = choice;
  }

  @Override
  public void observe(Tensor x) {
    values.add(x);
  }

  @Override
  public double threshold() {
    if (values.isEmpty()) {
      throw Observers.nothingSeen(name);
    }
    return choice.applyAsDouble(values);
  }

  @Override
  public Range range() {
    double threshold = threshold();
    return values.hasNegative() ? Range.symmetric(threshold) : new Range(0, (float) threshold);
  }
}
