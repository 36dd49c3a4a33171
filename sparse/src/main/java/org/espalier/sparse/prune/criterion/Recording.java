package org.espalier.sparse.prune.criterion;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Is one recorded pass of a model and the parameters it read: what criteria look for evidence in.
 * All calls are there, none fused.
 */
public final class Recording {
  private final Tape tape;
  private final Var input;
  private final Var output;
  private final List<Call> calls;
  private final Map<String, Parameter> state;
  private final Map<Var, Parameter> parameters = new IdentityHashMap<>();

  private Recording(Module model, Pass pass, Var input) {
    this.input = input;
    tape = pass.tape();
    output = model.apply(pass, input);
    calls = List.copyOf(tape.calls());
    state = model.state();
    for (Parameter parameter : state.values()) {
      Var var = varOf(parameter);
      if (var != null) {
        parameters.put(var, parameter);
      }
    }
  }

  /** Records shapes only; nothing is computed. The model is not modified. */
  public static Recording ofShapes(Module model, Shape sampleShape) {
    try (Pass pass = Pass.shapes()) {
      return new Recording(
          model, pass, pass.tape().input(dtype(model), sampleShape.batched(1), false));
    }
  }

  /**
   * Records numbers, on plain arrays that live as long as this does. The model is not modified.
   *
   * @param x the samples, {@code [n, ...]}; converted to the model's floating type
   */
  public static Recording ofNumbers(Module model, Tensor x) {
    Pass pass = Pass.study();
    return new Recording(model, pass, pass.inputWithGradient(x.to(dtype(model))));
  }

  private static DType dtype(Module model) {
    return model.state().values().stream()
        .map(Parameter::dtype)
        .filter(DType::isFloating)
        .findFirst()
        .orElse(DType.F32);
  }

  /** Returns what the model was given. */
  public Var input() {
    return input;
  }

  /** Returns what the model returned. */
  public Var output() {
    return output;
  }

  /** Returns all calls in order. */
  public List<Call> calls() {
    return calls;
  }

  /** Returns the parameters and buffers of the model by path. */
  public Map<String, Parameter> state() {
    return Collections.unmodifiableMap(state);
  }

  /** Returns the parameter whose effective value a variable held, or null. */
  public Parameter parameterOf(Var var) {
    return var == null ? null : parameters.get(var);
  }

  /** Returns the variable that held a parameter's effective value, null where nothing read it. */
  public Var varOf(Parameter parameter) {
    return tape.watchedVar(new Pass.EffectiveValue(parameter));
  }

  /**
   * Returns the calls that sum over channels with a weight of their own (convolutions, linear
   * layers), by their number in the pass, and the weight of each.
   */
  public Map<Integer, Parameter> producers() {
    Map<Integer, Parameter> producers = new LinkedHashMap<>();
    for (int i = 0; i < calls.size(); i++) {
      Call call = calls.get(i);
      if (call.op().cost(call.axes()).macs() > 0 && parameterOf(call.input(1)) != null) {
        producers.put(i, parameterOf(call.input(1)));
      }
    }
    return producers;
  }

  /**
   * Returns the parameters and buffers that a call's inputs behind the first, its data, were made
   * from: weight and bias of a convolution; gamma, beta and statistics of a frozen norm.
   */
  public Set<Parameter> companions(Call call) {
    Set<Parameter> found = new LinkedHashSet<>();
    for (int i = 1; i < call.inputCount(); i++) {
      collect(call.input(i), found);
    }
    return found;
  }

  private void collect(Var var, Set<Parameter> found) {
    if (parameterOf(var) != null) {
      found.add(parameterOf(var));
    } else if (var != null && var.call() != null) {
      for (int i = 0; i < var.call().inputCount(); i++) {
        collect(var.call().input(i), found);
      }
    }
  }
}
