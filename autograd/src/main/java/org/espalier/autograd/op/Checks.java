package org.espalier.autograd.op;

import java.util.Arrays;
import org.espalier.autograd.Call;
import org.espalier.tensor.DType;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/** Refuses bad numbers, index types and gradients nobody defined, each with the op's name. */
final class Checks {
  private Checks() {}

  static void epsilon(String op, double eps) {
    if (!(eps >= 0) || Double.isInfinite(eps)) {
      throw new IllegalArgumentException(op + ": eps must be a number of at least 0, got " + eps);
    }
  }

  static void probability(String op, double p) {
    if (!(p >= 0 && p <= 1)) {
      throw new IllegalArgumentException(op + ": the probability must lie in [0, 1], got " + p);
    }
  }

  static void positive(String op, String what, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(op + ": " + what + " must be positive, got " + value);
    }
  }

  static void bounds(String op, double low, double high) {
    if (low > high) {
      throw new IllegalArgumentException(
          op + ": the lower bound " + low + " is above the upper one " + high);
    }
  }

  static void integers(String op, String input, DType dtype) {
    if (dtype != DType.I32) {
      throw new DTypeException(
          op + ": '" + input + "' must be I32, got " + dtype + "; convert with to(I32)");
    }
  }

  static void axis(String op, int axis, Shape shape) {
    if (axis < -shape.rank() || axis >= shape.rank()) {
      throw new ShapeException(op + ": axis " + axis + " does not exist in " + shape);
    }
  }

  static void split(int axis, int[] sizes, Shape shape) {
    axis("split", axis, shape);
    if (Arrays.stream(sizes).sum() != shape.size(axis)) {
      throw new ShapeException(
          "split: sizes %s must add up to axis %d of %s"
              .formatted(Arrays.toString(sizes), shape.axis(axis), shape));
    }
  }

  /** Refuses channel numbers below -1 (zero) or at and above {@code count}. */
  static void indices(String op, Tensor index, int count) {
    int[] numbers = index.i32();
    for (int k = 0; k < index.count(); k++) {
      if (numbers[k] < -1 || numbers[k] >= count) {
        throw new IllegalArgumentException(
            "%s: index[%d] = %d is outside [0, %d) (-1 stands for zero)"
                .formatted(op, k, numbers[k], count));
      }
    }
  }

  /** Refuses numbers outside [0, 1], but for the rounding of a softmax. */
  static void probabilities(String op, String input, Tensor values) {
    for (int i = 0; i < values.count(); i++) {
      double p = values.get(i);
      if (!(p >= 0 && p <= 1 + 1e-5)) {
        throw new IllegalArgumentException(
            "%s: '%s' holds probabilities, but element %d is %s".formatted(op, input, i, p));
      }
    }
  }

  static void reduction(String op, LossReduction reduction) {
    if (reduction == LossReduction.BATCH_MEAN) {
      throw new IllegalArgumentException(op + ": BATCH_MEAN is for kl_div; use MEAN, SUM or NONE");
    }
  }

  /** Refuses a gradient with respect to an input that counts as given. */
  static void constant(Call call, int input, String name) {
    if (call.needs(input)) {
      throw new StateException(
          "%s: there is no gradient for '%s'; pass it as a constant"
              .formatted(call.op().name(), name));
    }
  }
}
