package org.espalier.optim.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.loss.Loss;
import org.espalier.nn.metric.Metric;

/** Measures a model after each epoch, on samples that training never sees. */
@FunctionalInterface
public interface Validation {
  /** Measures nothing. */
  Validation NONE = model -> Map.of();

  /** Returns metrics by name, such as {@code val_loss}; the model is not modified. */
  Map<String, Double> measure(Module model);

  /** Measures loss, for class targets accuracy, and further metrics over some batches. */
  static Validation on(Batches batches, Loss loss, Metric... more) {
    Evaluator evaluator = new Evaluator(loss, more);
    return model -> {
      Evaluation evaluation = evaluator.evaluate(model, batches);
      Map<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("val_loss", evaluation.loss());
      if (!Double.isNaN(evaluation.accuracy())) {
        metrics.put("val_accuracy", evaluation.accuracy());
      }
      evaluation.metrics().forEach((name, value) -> metrics.put("val_" + name, value));
      return metrics;
    };
  }
}
