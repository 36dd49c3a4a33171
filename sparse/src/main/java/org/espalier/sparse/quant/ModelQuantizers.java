package org.espalier.sparse.quant;

import java.util.ArrayList;
import java.util.List;
import org.espalier.nn.Module;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.sparse.quant.FakeQuantize.Follow;

/** Finds and changes what quantises a model, all over it. */
final class ModelQuantizers {
  private ModelQuantizers() {}

  /** Returns all parametrizations of this package in a model. */
  private static List<Parametrization> of(Module model) {
    List<Parametrization> all = new ArrayList<>();
    for (Module module : model.modules().values()) {
      all.addAll(module.input().parametrizations());
      all.addAll(module.output().parametrizations());
      module.ownParameters().values().forEach(own -> all.addAll(own.parametrizations()));
    }
    all.removeIf(one -> !QuantizationTypes.TYPES.containsKey(one.spec().type()));
    return all;
  }

  /** Tells whether anything in a model is quantised. */
  static boolean isAnyOn(Module model) {
    return !of(model).isEmpty();
  }

  /** Ends following of all ranges of values; those of weights go on following the weights. */
  static void freezeRanges(Module model) {
    for (Parametrization one : of(model)) {
      if (one instanceof FakeQuantize quantize
          && quantize.follow() != Follow.PRESENT
          && quantize.hasRange()) {
        quantize.freeze();
      }
    }
  }

  /**
   * Freezes batch norms, and folds them into the weights in front of them where they can be;
   * training goes on.
   *
   * @return the number of those folded
   */
  static int foldNorms(Module model) {
    List<BatchNormFolding.Pair> pairs = BatchNormFolding.pairs(model);
    pairs.forEach(LayerFolding::keepTraining);
    for (Module module : model.modules().values()) {
      if (module instanceof BatchNorm norm && norm.runningMean() != null) {
        norm.setFrozen(true);
      }
    }
    model.state();
    return pairs.size();
  }

  /** Puts a hard tanh in the place of every rectifier, of those that end at 6 too. */
  static void replaceRectifiers(Module model) {
    for (Module module : model.modules().values()) {
      if (module instanceof Sequential parent) {
        for (String child : List.copyOf(parent.children().keySet())) {
          if (parent.children().get(child) instanceof Activation activation
              && activation.isRectifier()) {
            parent.replace(child, Activation.hardTanh(-1, 1));
          }
        }
      }
    }
  }
}
