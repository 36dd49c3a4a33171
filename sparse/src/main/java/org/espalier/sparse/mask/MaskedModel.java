package org.espalier.sparse.mask;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Is the weights of a model that carry learned masks.
 *
 * @param byWeight the mask of each weight, in the model's order
 */
record MaskedModel(Map<Parameter, LearnedMask> byWeight) {
  static MaskedModel of(Module model) {
    return of(model.parameters());
  }

  /** Returns the masked weights that got a gradient. */
  static MaskedModel of(Gradients gradients) {
    List<Parameter> weights = new ArrayList<>();
    gradients
        .byLeaf()
        .keySet()
        .forEach(
            leaf -> {
              if (leaf instanceof Parameter parameter) {
                weights.add(parameter);
              }
            });
    return of(weights);
  }

  private static MaskedModel of(Collection<Parameter> parameters) {
    Map<Parameter, LearnedMask> masks = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      LearnedMask mask = LearnedMask.on(parameter);
      if (mask != null) {
        masks.put(parameter, mask);
      }
    }
    return new MaskedModel(masks);
  }

  boolean isEmpty() {
    return byWeight.isEmpty();
  }

  long active() {
    return ConnectionCountRegularizer.active(byWeight.values());
  }

  /** Returns the share of connections that are dropped. */
  double sparsity() {
    return 1 - (double) active() / ConnectionCountRegularizer.total(byWeight.values());
  }

  /** Returns the weights without an open connection. */
  List<String> emptyLayers() {
    return byWeight.entrySet().stream()
        .filter(entry -> entry.getValue().active() == 0)
        .map(entry -> entry.getKey().name())
        .toList();
  }

  /** Refuses mask variables that are NaN or infinite. */
  void checkFinite() {
    byWeight.forEach(
        (weight, mask) -> {
          Tensor scores = mask.score().raw();
          for (int i = 0; i < scores.count(); i++) {
            if (!Double.isFinite(scores.get(i))) {
              throw new StateException(
                  "sparse connectivity: mask variable %d of %s is %s; lower the masks' learning rate"
                      .formatted(i, weight.name(), scores.get(i)));
            }
          }
        });
  }

  /** Adds {@code decay · v} to a gradient where the mask is open. */
  static void decay(Parameter weight, LearnedMask mask, Tensor gradient, double decay) {
    Tensor scores = mask.score().raw();
    Tensor v = weight.raw();
    for (int i = 0; i < gradient.count(); i++) {
      if (scores.get(i) > 0) {
        gradient.set(i, gradient.get(i) + decay * v.get(i));
      }
    }
  }

  /** Puts a fixed mask in the place of each learned one; dropped weights become exactly 0. */
  Collection<Parameter> freeze() {
    byWeight.forEach(
        (weight, mask) -> {
          if (weight.parametrizations().size() > 1) {
            throw new StateException(
                "%s: a learned mask among other parametrizations cannot be frozen; detach them first"
                    .formatted(weight.name()));
          }
          Tensor open = mask.mask();
          weight.fold();
          weight.attach(new FixedMask(open));
        });
    return byWeight.keySet();
  }

  /** Bakes a weight's fixed masks in, if it carries nothing else. */
  static void fold(Parameter weight) {
    if (!weight.parametrizations().isEmpty()
        && weight.parametrizations().stream().allMatch(FixedMask.class::isInstance)) {
      weight.fold();
    }
  }
}
