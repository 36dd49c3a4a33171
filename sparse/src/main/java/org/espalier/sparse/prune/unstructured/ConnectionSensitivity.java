package org.espalier.sparse.prune.unstructured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.loss.Loss;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Prunes once at initialisation what the loss feels least, then trains the rest: SNIP (Lee et al.,
 * ICLR 2019; resource-efficiency survey, P5).
 *
 * <p>Each connection is thought to be multiplied with {@code c = 1}; its score is {@code |dL/dc| /
 * Σ|dL/dc|} with {@code dL/dc = g · w}, over all weights together. The network should come fresh
 * from an initialisation that keeps variances.
 */
public final class ConnectionSensitivity {
  private ConnectionSensitivity() {}

  /** Returns {@code g · w} of each weight on one batch. */
  public static Map<Parameter, Tensor> gradients(
      Module model, Loss loss, Batch batch, Collection<Parameter> weights) {
    Map<Parameter, Tensor> products = new LinkedHashMap<>();
    try (Pass pass = Pass.study()) {
      Var output = model.apply(pass, pass.input(batch.x()));
      Gradients gradients = Walk.gradient(loss.of(pass, output, batch.y()));
      for (Parameter weight : weights) {
        Tensor value = weight.value();
        Tensor gradient = gradients.ofKey(new Pass.EffectiveValue(weight));
        Tensor product = Tensor.zeros(value.dtype(), value.shape());
        for (int i = 0; gradient != null && i < product.count(); i++) {
          product.set(i, gradient.get(i) * value.get(i));
        }
        products.put(weight, product);
      }
    }
    return products;
  }

  /** Returns the scores, which sum up to 1 over all weights. */
  public static Map<Parameter, Tensor> scores(Map<Parameter, Tensor> gradients) {
    double sum = 0;
    for (Tensor gradient : gradients.values()) {
      for (double g : gradient.toDoubles()) {
        sum += Math.abs(g);
      }
    }
    if (!(sum > 0 && sum < Double.POSITIVE_INFINITY)) {
      throw new StateException(
          "snip: the connections' gradients sum up to %s, nothing can be ranked".formatted(sum));
    }
    Map<Parameter, Tensor> scores = new LinkedHashMap<>();
    double total = sum;
    gradients.forEach(
        (weight, gradient) -> {
          Tensor score = ConnectionMasks.magnitudes(gradient);
          for (int i = 0; i < score.count(); i++) {
            score.set(i, score.get(i) / total);
          }
          scores.put(weight, score);
        });
    return scores;
  }

  /**
   * Puts fixed masks on the weights: the {@code (int) (keepRatio · n)} connections of the largest
   * scores stay.
   */
  public static void prune(Map<Parameter, Tensor> scores, double keepRatio) {
    List<Parameter> weights = new ArrayList<>(scores.keySet());
    List<Tensor> masks = ConnectionMasks.keepLargest(List.copyOf(scores.values()), keepRatio);
    for (int i = 0; i < masks.size(); i++) {
      ConnectionHold.set(weights.get(i), masks.get(i));
    }
  }
}
