package org.espalier.sparse.mask;

import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.tensor.Shape;

/**
 * Lists the weights whose numbers are connections: those of linear layers and convolutions, in the
 * order in which they run, read off one shape pass. Biases and norms have no connections.
 */
public final class ConnectionWeights {
  private ConnectionWeights() {}

  /**
   * Returns the weights by path.
   *
   * @param sampleShape the shape of one sample, without the batch axis
   * @param excluded paths of layers that take no part, with all below them
   */
  public static Map<String, Parameter> of(
      Module model, Shape sampleShape, Collection<String> excluded) {
    for (String layer : excluded) {
      if (!model.modules().containsKey(layer)) {
        throw new IllegalArgumentException(
            "connections: no layer '%s' to exclude, there are %s"
                .formatted(layer, model.modules().keySet()));
      }
    }
    Map<String, Parameter> weights = new LinkedHashMap<>();
    for (Parameter weight : summing(model, sampleShape)) {
      String path = weight.name();
      if (excluded.stream().noneMatch(layer -> path.startsWith(layer + "."))) {
        weights.put(path, weight);
      }
    }
    if (weights.isEmpty()) {
      throw new IllegalArgumentException(
          "connections: the model has no linear layer or convolution left of its own, without "
              + excluded);
    }
    return weights;
  }

  /** Returns the weights of all layers, by path. */
  public static Map<String, Parameter> of(Module model, Shape sampleShape) {
    return of(model, sampleShape, List.of());
  }

  private static Collection<Parameter> summing(Module model, Shape sampleShape) {
    Map<Parameter, Parameter> found = new LinkedHashMap<>();
    try (Pass pass = Pass.shapes()) {
      int[] sizes = new int[sampleShape.rank() + 1];
      sizes[0] = 1;
      for (int axis = 0; axis < sampleShape.rank(); axis++) {
        sizes[axis + 1] = sampleShape.size(axis);
      }
      Map<Var, Parameter> byVar = new IdentityHashMap<>();
      Collection<Parameter> parameters = model.parameters();
      Var x = pass.tape().input(parameters.iterator().next().dtype(), Shape.of(sizes), false);
      model.apply(pass, x);
      for (Parameter parameter : parameters) {
        byVar.put(pass.tape().watchedVar(parameter), parameter);
      }
      for (Call call : pass.tape().calls()) {
        Parameter weight = call.inputCount() > 1 ? byVar.get(call.input(1)) : null;
        if (weight != null && call.op().cost(call.axes()).macs() > 0) {
          found.putIfAbsent(weight, weight);
        }
      }
    }
    return found.values();
  }
}
