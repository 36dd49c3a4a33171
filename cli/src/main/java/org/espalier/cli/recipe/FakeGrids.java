package org.espalier.cli.recipe;

import java.util.List;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Port;
import org.espalier.sparse.quant.FakeQuantize;
import org.espalier.tensor.Tensor;

/** Finds the fake quantisation in a model, and takes it away where layers are to be split. */
final class FakeGrids {
  /** How far outputs may be apart where a value on its way fell on another code of 255. */
  static final double SOME_CODES = 0.05;

  private FakeGrids() {}

  /** Tells whether any weight or value of a model is rounded to a grid. */
  static boolean areOn(Module model) {
    return model.modules().values().stream()
        .anyMatch(
            module ->
                holds(module.input().parametrizations())
                    || holds(module.output().parametrizations())
                    || module.ownParameters().values().stream()
                        .anyMatch(own -> holds(own.parametrizations())));
  }

  private static boolean holds(List<Parametrization> attached) {
    return attached.stream().anyMatch(FakeQuantize.class::isInstance);
  }

  /**
   * Takes all grids off a model, which is modified: weights become what they were in front of
   * theirs, other parametrizations baked in, and values pass as they are.
   */
  static void remove(Module model) {
    for (Module module : model.modules().values()) {
      remove(module.input());
      remove(module.output());
      module.ownParameters().values().stream()
          .filter(own -> holds(own.parametrizations()))
          .forEach(FakeGrids::bake);
    }
  }

  private static void remove(Port port) {
    List.copyOf(port.parametrizations()).stream()
        .filter(FakeQuantize.class::isInstance)
        .forEach(port::detach);
  }

  private static void bake(Parameter weight) {
    Var value = Var.constant(weight.raw());
    Tensor before;
    try (Pass pass = Pass.study()) {
      for (Parametrization parametrization : weight.parametrizations()) {
        if (!(parametrization instanceof FakeQuantize)) {
          value = parametrization.apply(pass, value);
        }
      }
      before = value.value().copy();
    }
    weight.fold();
    weight.set(before);
  }
}
