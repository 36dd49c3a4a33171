package org.espalier.sparse.lowrank;

import org.espalier.nn.layer.BatchNorm;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Says by what a batch norm multiplies each channel at inference, {@code a = gamma / √(variance +
 * eps)}, and how to divide by it again (sheet 09, 2.4).
 */
public final class BatchNormRectification {
  /** The guard of the inverse in the paper's code. */
  public static final double INVERSE_EPS = 1e-5;

  private BatchNormRectification() {}

  /**
   * Returns the factors a of a layer, {@code [c]} in F64, from its running variance.
   *
   * @param name the layer's path, for messages
   * @throws StateException if it keeps no running statistics, or they were never updated
   */
  public static Tensor scale(String name, BatchNorm norm) {
    if (norm.runningVariance() == null
        || isAll(norm.runningMean().raw(), 0) && isAll(norm.runningVariance().raw(), 1)) {
      throw new StateException(
          "batch norm rectification: the running statistics of %s are not available (no batch was seen in training mode); train first, or project without rectification"
              .formatted(name));
    }
    return scale(
        norm.gamma() == null ? null : norm.gamma().value(),
        norm.runningVariance().value(),
        norm.eps());
  }

  private static boolean isAll(Tensor values, double value) {
    for (int i = 0; i < values.count(); i++) {
      if (values.get(i) != value) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns {@code a = gamma / √(variance + eps)}, {@code [c]} in F64.
   *
   * @param gamma {@code [c]}, null for ones
   * @param variance {@code [c]}, at least 0
   */
  public static Tensor scale(Tensor gamma, Tensor variance, double eps) {
    if (gamma != null && !gamma.shape().equals(variance.shape())) {
      throw new ShapeException(
          "batch norm rectification: gamma is %s, the variance %s; they must be equal"
              .formatted(gamma.shape(), variance.shape()));
    }
    Tensor scale = Tensor.zeros(DType.F64, variance.shape());
    for (int c = 0; c < scale.count(); c++) {
      scale.set(c, (gamma == null ? 1 : gamma.get(c)) / Math.sqrt(variance.get(c) + eps));
    }
    return scale;
  }

  /**
   * Returns the guarded inverse {@code b = a / (a² + eps)}, {@code [c]} in F64: 0 where a is 0.
   *
   * @param eps the guard, such as {@link #INVERSE_EPS}
   */
  public static Tensor inverse(Tensor scale, double eps) {
    Tensor inverse = Tensor.zeros(DType.F64, scale.shape());
    for (int c = 0; c < inverse.count(); c++) {
      double a = scale.get(c);
      inverse.set(c, a == 0 ? 0 : a / (a * a + eps));
    }
    return inverse;
  }

  /** Returns {@code diag(factors)·M} in F64. */
  static Tensor multiplyRows(Tensor factors, Tensor matrix) {
    Shape shape = matrix.shape();
    Tensor product = Tensor.zeros(DType.F64, shape);
    int columns = shape.size(1);
    for (int i = 0; i < product.count(); i++) {
      product.set(i, factors.get(i / columns) * matrix.get(i));
    }
    return product;
  }
}
