package org.espalier.nn.layer;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.espalier.nn.Concat;
import org.espalier.nn.Identity;
import org.espalier.nn.Module;
import org.espalier.nn.ModuleTypes;
import org.espalier.nn.Product;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.Spec;
import org.espalier.tensor.FormatException;

/** Builds the containers and layers of this module from their specs. */
public final class LayerTypes implements ModuleTypes {
  private final Map<String, Factory> factories = new LinkedHashMap<>();

  /** Creates the table; called by the service loader. */
  public LayerTypes() {
    containers();
    weighted();
    norms();
    plain();
  }

  private void containers() {
    factories.put("sequential", (spec, children, shapes) -> new Sequential(children));
    factories.put("concat", (spec, children, shapes) -> new Concat(children));
    factories.put(
        "residual",
        (spec, children, shapes) ->
            new Residual(child("residual", "branch", children), children.get("shortcut")));
    factories.put(
        "product",
        (spec, children, shapes) ->
            new Product(child("product", "main", children), child("product", "gate", children)));
    factories.put("identity", (spec, children, shapes) -> new Identity());
  }

  private static Module child(String type, String name, Map<String, Module> children) {
    Module child = children.get(name);
    if (child == null) {
      throw new FormatException(
          "model: a '%s' has no child '%s', got %s".formatted(type, name, children.keySet()));
    }
    return child;
  }

  private void weighted() {
    byTensors(Linear.TYPE, (spec, shapes) -> Linear.create(shapes));
    byTensors(Conv2d.TYPE, Conv2d::create);
    byTensors(Conv1d.TYPE, Conv1d::create);
    byTensors(PRelu.TYPE, (spec, shapes) -> PRelu.create(shapes));
    byTensors(Gather.TYPE, (spec, shapes) -> Gather.create(shapes));
    byTensors(Scatter.TYPE, (spec, shapes) -> Scatter.create(shapes));
    byTensors(OptionAShortcut.TYPE, OptionAShortcut::create);
    byTensors(Dropout.TYPE, Dropout::create);
  }

  private void norms() {
    byTensors(BatchNorm.TYPE, BatchNorm::create);
    byTensors(LayerNorm.TYPE, LayerNorm::create);
    byTensors(GroupNorm.TYPE, GroupNorm::create);
    byTensors(InstanceNorm.TYPE, InstanceNorm::create);
    byOptions(InstanceNormKerasContrib.TYPE, InstanceNormKerasContrib::create);
  }

  private void plain() {
    byOptions(Activation.TYPE, Activation::create);
    byOptions(Softmax.TYPE, Softmax::create);
    byOptions(MaxPool.TYPE, MaxPool::create);
    byOptions(AveragePool.TYPE, AveragePool::create);
    byOptions(AdaptivePool.TYPE, AdaptivePool::create);
    byOptions(GlobalAveragePool.TYPE, spec -> new GlobalAveragePool());
    byOptions(Flatten.TYPE, spec -> new Flatten());
    byOptions(ChannelShuffle.TYPE, ChannelShuffle::create);
    byOptions(Pad.TYPE, Pad::create);
    byOptions(Upsample.TYPE, Upsample::create);
  }

  private void byTensors(String type, BiFunction<Spec, Shapes, Module> create) {
    factories.put(type, (spec, children, shapes) -> create.apply(spec, new Shapes(type, shapes)));
  }

  private void byOptions(String type, Function<Spec, Module> create) {
    factories.put(type, (spec, children, shapes) -> create.apply(spec));
  }

  @Override
  public Map<String, Factory> modules() {
    return factories;
  }
}
