package org.espalier.optim.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;

/** Measures a model after each epoch, on samples that training never sees. */
@FunctionalInterface
public interface Validation {
  /** Measures nothing. */
  Validation NONE = model -> Map.of();

  /** Returns metrics by name, such as {@code val_loss}; the model is not modified. */
  Map<String, Double> measure(Module model);

  /** Returns loss and, for class targets, accuracy over some batches. */
  static Validation on(Batches batches, Objective objective) {
    Evaluator evaluator = new Evaluator(objective);
    return model -> {
      Evaluation evaluation = evaluator.evaluate(model, batches);
      Map<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("val_loss", evaluation.loss());
      if (!Double.isNaN(evaluation.accuracy())) {
        metrics.put("val_accuracy", evaluation.accuracy());
      }
      return metrics;
    };
  }
}
