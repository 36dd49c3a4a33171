package org.espalier.nn;

import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Fills a parameter with its initial values, drawn from a stream (layers reference, section 11).
 * Weights are {@code [out, kernel..., in/groups]}: {@code fan_in = kernel · in/groups}, {@code
 * fan_out = kernel · out}.
 */
@FunctionalInterface
public interface Init {
  /** Fills the tensor, which is modified. */
  void fill(Tensor tensor, Random random);

  /** Returns the number of inputs of one output unit. */
  static int fanIn(Shape shape) {
    return shape.rank() < 2
        ? Math.max(1, shape.count())
        : shape.count() / Math.max(1, shape.size(0));
  }

  /** Returns the number of outputs one input unit feeds. */
  static int fanOut(Shape shape) {
    return shape.rank() < 2
        ? Math.max(1, shape.count())
        : shape.count() / Math.max(1, shape.size(-1));
  }

  /** Sets every element to a number. */
  static Init constant(double value) {
    return (tensor, random) -> tensor.fill(value);
  }

  /** Draws from a normal distribution. */
  static Init normal(double mean, double deviation) {
    return (tensor, random) -> {
      for (int i = 0; i < tensor.count(); i++) {
        tensor.set(i, mean + deviation * random.normal(i));
      }
    };
  }

  /** Draws uniformly from [low, high). */
  static Init uniform(double low, double high) {
    return (tensor, random) -> {
      for (int i = 0; i < tensor.count(); i++) {
        tensor.set(i, low + (high - low) * random.uniform(i));
      }
    };
  }
}
