package org.espalier.optim;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Parameter;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/** Makes gradients of given numbers: those of {@code Σ g·p}, which are g to the last bit. */
final class GivenGradients {
  private GivenGradients() {}

  static Parameter parameter(String name, DType dtype, double... values) {
    Tensor tensor = Tensor.of(Shape.of(1, values.length), values.clone());
    return Parameter.trainable(name, tensor.to(dtype));
  }

  static Gradients of(Parameter parameter, double... gradient) {
    return of(Map.of(parameter, gradient));
  }

  static Gradients of(Map<Parameter, double[]> gradients) {
    Tape tape = Tape.open(Mode.TRAIN, Workspace.heap());
    Var sum = null;
    for (Map.Entry<Parameter, double[]> entry : new LinkedHashMap<>(gradients).entrySet()) {
      Parameter parameter = entry.getKey();
      Var value = tape.input(parameter.raw(), true);
      tape.watch(parameter, value);
      Tensor g = Tensor.of(Shape.of(parameter.raw().count()), entry.getValue().clone());
      sum = Ops.linear(tape.constant(g.to(parameter.dtype())), value, sum);
    }
    return Walk.gradient(sum);
  }

  static void step(Optimizer optimizer, Parameter parameter, double... gradient) {
    optimizer.step(Step.of(null, of(parameter, gradient)));
  }

  static void step(Optimizer optimizer, double rate, Parameter parameter, double... gradient) {
    optimizer.step(Step.of(null, of(parameter, gradient), Rate.fixed(rate)));
  }
}
