package org.espalier.sparse.quant;

import java.util.List;
import org.espalier.nn.Parameter;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Knows the numbers that quantisers train beside the weights, by their paths: step sizes and the
 * two values of trained ternary weights. All must stay above 0.
 */
final class OwnNumbers {
  /** Where such a number is held if a step would take it lower. */
  static final double LEAST = 1e-8;

  private static final List<String> ENDS =
      List.of(
          "." + LearnedStepSize.TYPE + "." + LearnedStepSize.STEP,
          "." + TrainedTernary.TYPE + "." + TrainedTernary.POSITIVE,
          "." + TrainedTernary.TYPE + "." + TrainedTernary.NEGATIVE);

  private OwnNumbers() {}

  /** Tells whether a parameter of a model is such a number. */
  static boolean holds(Parameter parameter) {
    return ENDS.stream().anyMatch(parameter.name()::endsWith);
  }

  /** Holds numbers at 1e-8 or more; a NaN is a state error. */
  static void constrain(Parameter parameter) {
    Tensor numbers = parameter.raw();
    boolean low = false;
    for (int c = 0; c < numbers.count(); c++) {
      if (Double.isNaN(numbers.get(c))) {
        throw new StateException(
            "quantization: number %d of %s is NaN; lower the learning rate"
                .formatted(c, parameter.name()));
      }
      low |= numbers.get(c) < LEAST;
    }
    if (low) {
      parameter.update(
          raw -> {
            for (int c = 0; c < raw.count(); c++) {
              raw.set(c, Math.max(LEAST, raw.get(c)));
            }
          });
    }
  }
}
