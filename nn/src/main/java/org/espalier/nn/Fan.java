package org.espalier.nn;

import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;

/**
 * Says which connections of a weight {@code [out, kernel..., in/groups]} an initialiser counts
 * (layers reference, section 11).
 */
public enum Fan {
  /** The inputs of one output unit: {@code kernel · in/groups}. */
  IN {
    @Override
    public double of(Shape weight) {
      return checked(weight).count() / (double) weight.size(0);
    }
  },
  /** The outputs fed by one input unit: {@code kernel · out}. */
  OUT {
    @Override
    public double of(Shape weight) {
      return checked(weight).count() / (double) weight.size(-1);
    }
  },
  /** The mean of both. */
  AVERAGE {
    @Override
    public double of(Shape weight) {
      return (IN.of(weight) + OUT.of(weight)) / 2;
    }
  };

  /** Returns the number of connections; a weight has at least two axes. */
  public abstract double of(Shape weight);

  private static Shape checked(Shape weight) {
    if (weight.rank() < 2 || weight.count() == 0) {
      throw new ShapeException(
          "init: "
              + weight
              + " has no fan; expected a non-empty weight [out, kernel..., in], use normal, uniform"
              + " or constant for vectors");
    }
    return weight;
  }
}
