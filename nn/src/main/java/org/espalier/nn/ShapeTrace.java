package org.espalier.nn;

import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.tensor.Shape;

/**
 * Runs one shape pass over a model for one sample and says which module made each call and which
 * parameter each input is. Computes and initialises nothing.
 */
final class ShapeTrace {
  private final Map<String, Module> modulesByScope = new HashMap<>();
  private final Map<Var, Parameter> parametersByVar = new IdentityHashMap<>();
  private final Set<Var> activations = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<Call> calls;

  /**
   * Traces a model.
   *
   * @param sample sizes of one sample, without the batch axis
   */
  ShapeTrace(Module model, Shape sample) {
    collect(model, "");
    Map<String, Parameter> state = model.state();
    try (Pass pass = Pass.shapes()) {
      Var x = pass.input(sample.batched(1));
      model.apply(pass, x);
      calls = List.copyOf(pass.tape().calls());
      activations.add(x);
      calls.forEach(this::follow);
      state
          .values()
          .forEach(
              parameter -> {
                Var var = pass.tape().watchedVar(parameter);
                if (var != null) {
                  parametersByVar.put(var, parameter);
                }
              });
    }
  }

  private void follow(Call call) {
    for (int k = 0; k < call.inputCount(); k++) {
      if (activations.contains(call.input(k))) {
        activations.add(call.output());
      }
    }
  }

  /** Tells whether a value depends on the sample, other than what is made of parameters alone. */
  boolean isActivation(Var value) {
    return activations.contains(value);
  }

  /** Scopes are made of the modules' own names, which a shared module keeps in every place. */
  private void collect(Module module, String scope) {
    modulesByScope.put(scope, module);
    for (Module child : module.children().values()) {
      collect(child, scope.isEmpty() ? child.name() : scope + "." + child.name());
    }
  }

  /** Returns the calls in order. */
  List<Call> calls() {
    return calls;
  }

  /** Returns the module in whose scope a call was made, or null for one that nobody declared. */
  Module module(Call call) {
    return modulesByScope.get(call.scope().replaceAll("#\\d+", ""));
  }

  /** Returns the parameter an input of a call is, or null. */
  Parameter parameter(Call call, int input) {
    return call.inputCount() <= input || call.input(input) == null
        ? null
        : parametersByVar.get(call.input(input));
  }
}
