package org.espalier.sparse.quant;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.ModuleTypes;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.sparse.quant.BatchNormFolding.Folded;
import org.espalier.sparse.quant.BatchNormFolding.Pair;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Puts a layer with a bias in the place of a layer and the norm behind it. */
final class LayerFolding {
  private static final String WEIGHT = "weight";

  private LayerFolding() {}

  /** Multiplies the norm into the numbers of the weight. */
  static void bake(Pair pair) {
    Parameter weight = BatchNormFolding.weight(pair.layer());
    List<Parametrization> all = weight.parametrizations();
    int kept = all.size() - firstBehind(all);
    Folded folded = folded(pair, effective(weight, firstBehind(all)));
    List<Spec> specs = specs(pair.layer());
    Module fresh = rebuilt(pair.layer(), specs.subList(specs.size() - kept, specs.size()));
    BatchNormFolding.weight(fresh).convert(folded.weight().dtype());
    BatchNormFolding.weight(fresh).restore(folded.weight());
    restore(pair, fresh, folded.bias(), path -> !path.equals(WEIGHT));
    replace(pair, fresh);
  }

  /**
   * Keeps the weight as it is and puts the norm's factors behind it as a {@link ChannelScale}, in
   * front of what quantises, so that training goes on with the same gradients and slots.
   */
  static void keepTraining(Pair pair) {
    Parameter weight = BatchNormFolding.weight(pair.layer());
    int first = firstBehind(weight.parametrizations());
    Shape channels = pair.norm().runningMean().shape();
    Tensor ones = Tensor.full(weight.dtype(), channels, 1);
    Tensor scale = BatchNormFolding.fold(ones, null, pair.norm()).weight();
    Folded folded = folded(pair, effective(weight, first));
    List<Spec> specs = new ArrayList<>(specs(pair.layer()));
    specs.add(first, new ChannelScale(scale).spec());
    Module fresh = rebuilt(pair.layer(), specs);
    restore(pair, fresh, folded.bias(), path -> true);
    ((ChannelScale) BatchNormFolding.weight(fresh).parametrizations().get(first)).set(scale);
    replace(pair, fresh);
  }

  private static int firstBehind(List<Parametrization> parametrizations) {
    int first = 0;
    while (first < parametrizations.size()
        && !BatchNormFolding.staysBehind(parametrizations.get(first))) {
      first++;
    }
    return first;
  }

  /** Returns what the first parametrizations make of a weight. */
  private static Tensor effective(Parameter weight, int parametrizations) {
    Var value = Var.constant(weight.raw());
    try (Pass pass = Pass.study()) {
      for (Parametrization before : weight.parametrizations().subList(0, parametrizations)) {
        value = before.apply(pass, value);
      }
    }
    return value.value();
  }

  private static Folded folded(Pair pair, Tensor weight) {
    Parameter bias = BatchNormFolding.bias(pair.layer());
    return BatchNormFolding.fold(weight, bias == null ? null : bias.value(), pair.norm());
  }

  private static List<Spec> specs(Module layer) {
    return layer.spec().parametrizations().getOrDefault(WEIGHT, List.of());
  }

  /**
   * Returns the layer anew with a bias and these parametrizations of the weight, without values.
   */
  private static Module rebuilt(Module layer, List<Spec> ofWeight) {
    Spec spec = layer.spec();
    Map<String, List<Spec>> attached = new LinkedHashMap<>(spec.parametrizations());
    attached.put(WEIGHT, List.copyOf(ofWeight));
    Map<String, Parameter> state = layer.state();
    return ModuleTypes.build(
        new Spec(spec.type(), spec.options(), spec.children(), attached),
        path ->
            path.endsWith(ChannelScale.STATE)
                ? Shape.of(BatchNormFolding.weight(layer).shape().size(0))
                : BatchNormFolding.shape(layer, state, path));
  }

  /** Takes over the chosen values and slots, as far as the fresh layer has a place for them. */
  private static void restore(Pair pair, Module fresh, Tensor bias, Predicate<String> chosen) {
    Map<String, Parameter> before = pair.layer().state();
    fresh
        .state()
        .forEach(
            (path, parameter) -> {
              Parameter known = before.get(path);
              if (known != null && chosen.test(path)) {
                parameter.convert(known.dtype());
                parameter.restore(known.raw());
                parameter.slots().putAll(known.slots());
                parameter.setTrainable(known.isTrainable());
              }
            });
    Parameter freshBias = BatchNormFolding.bias(fresh);
    freshBias.convert(bias.dtype());
    freshBias.restore(bias);
  }

  private static void replace(Pair pair, Module fresh) {
    pair.norm().output().parametrizations().forEach(fresh.output()::attach);
    pair.layerParent().replace(pair.layerName(), fresh);
    pair.normParent().remove(pair.normName());
    for (Parametrization parametrization : BatchNormFolding.weight(fresh).parametrizations()) {
      if (parametrization instanceof FakeQuantize quantize) {
        quantize.refresh(BatchNormFolding.weight(fresh));
      }
    }
  }
}
