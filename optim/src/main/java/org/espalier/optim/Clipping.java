package org.espalier.optim;

import org.espalier.autograd.Gradients;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;

/** Bounds gradients before a step (sheet 00, section 9); the gradients are modified. */
public final class Clipping {
  private Clipping() {}

  /** Does {@link #byNorm(Gradients, double, double)} with the Euclidean norm. */
  public static double byNorm(Gradients gradients, double max) {
    return byNorm(gradients, max, 2);
  }

  /**
   * Scales all gradients by {@code min(1, max / (total + 1e-6))}.
   *
   * @param max the largest norm left alone, above 0
   * @param order the order of the norm, at least 1; infinity takes the largest magnitude
   * @return the norm before, over all tensors together
   */
  public static double byNorm(Gradients gradients, double max, double order) {
    Checks.positive("clipping", "max", max);
    double total = norm(gradients, order);
    double factor = max / (total + 1e-6);
    if (factor < 1) {
      gradients.byLeaf().values().forEach(gradient -> scale(gradient, factor));
    }
    return total;
  }

  /** Returns the norm of all gradients together, of order at least 1. */
  public static double norm(Gradients gradients, double order) {
    if (!(order >= 1)) {
      throw new IllegalArgumentException("clipping: order must be at least 1, got " + order);
    }
    double total = 0;
    for (Tensor gradient : gradients.byLeaf().values()) {
      if (order == Double.POSITIVE_INFINITY) {
        total = Math.max(total, largest(gradient));
      } else {
        total += order == 2 ? sumOfSquares(gradient) : sumOfPowers(gradient, order);
      }
    }
    if (order == Double.POSITIVE_INFINITY) {
      return total;
    }
    return order == 2 ? Math.sqrt(total) : Math.pow(total, 1 / order);
  }

  private static double sumOfSquares(Tensor gradient) {
    if (gradient.dtype() == DType.F64) {
      return sumOfPowers(gradient, 2);
    }
    float[] g = gradient.f32();
    double even = 0;
    double odd = 0;
    int last = g.length - g.length % 2;
    for (int i = 0; i < last; i += 2) { // two chains of additions run side by side
      even += (double) g[i] * g[i];
      odd += (double) g[i + 1] * g[i + 1];
    }
    return even + odd + (last < g.length ? (double) g[last] * g[last] : 0);
  }

  private static double sumOfPowers(Tensor gradient, double order) {
    double sum = 0;
    for (int i = 0; i < gradient.count(); i++) {
      sum += Math.pow(Math.abs(gradient.get(i)), order);
    }
    return sum;
  }

  private static double largest(Tensor gradient) {
    double largest = 0;
    for (int i = 0; i < gradient.count(); i++) {
      largest = Math.max(largest, Math.abs(gradient.get(i)));
    }
    return largest;
  }

  private static void scale(Tensor gradient, double factor) {
    if (gradient.dtype() == DType.F64) {
      double[] values = gradient.f64();
      for (int i = 0; i < values.length; i++) {
        values[i] *= factor;
      }
    } else {
      float[] values = gradient.f32();
      float narrow = (float) factor;
      for (int i = 0; i < values.length; i++) {
        values[i] *= narrow;
      }
    }
  }

  /** Clamps each number to [-max, max]; max is above 0. NaN stays NaN. */
  public static void byValue(Gradients gradients, double max) {
    Checks.positive("clipping", "max", max);
    for (Tensor gradient : gradients.byLeaf().values()) {
      if (gradient.dtype() == DType.F64) {
        double[] values = gradient.f64();
        for (int i = 0; i < values.length; i++) {
          values[i] = Math.max(-max, Math.min(max, values[i]));
        }
      } else {
        float[] values = gradient.f32();
        float bound = (float) max;
        for (int i = 0; i < values.length; i++) {
          values[i] = Math.max(-bound, Math.min(bound, values[i]));
        }
      }
    }
  }
}
