package org.espalier.cli;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Counts what a model computes with weights other than zero: each such weight of a layer makes the
 * same share of the layer's multiply-accumulates.
 *
 * @param layers the layers in the order in which they run
 */
record EffectiveWork(List<Layer> layers) {
  /**
   * Is one weight, in all places where it is used.
   *
   * @param path its path
   * @param weights its numbers
   * @param nonZero those that are not zero
   * @param macs multiply-accumulates of one sample
   */
  record Layer(String path, long weights, long nonZero, long macs) {
    /** Returns the multiply-accumulates with weights other than zero. */
    long effectiveMacs() {
      return weights == 0 ? 0 : Math.round((double) macs * nonZero / weights);
    }
  }

  /**
   * Counts a model.
   *
   * @param sample the shape of one sample, without the batch axis
   */
  static EffectiveWork of(Module model, Shape sample) {
    Map<Parameter, Long> macs = new LinkedHashMap<>();
    try (Pass pass = Pass.shapes()) {
      model.apply(pass, pass.input(sample.batched(1)));
      Map<Var, Parameter> held = held(pass.tape(), model);
      for (Call call : pass.tape().calls()) {
        Parameter weight = call.inputCount() > 1 ? held.get(call.input(1)) : null;
        long own = weight == null ? 0 : call.op().cost(call.axes()).macs();
        if (own > 0) {
          macs.merge(weight, own, Long::sum);
        }
      }
    }
    List<Layer> layers = new ArrayList<>();
    macs.forEach(
        (weight, work) ->
            layers.add(
                new Layer(weight.name(), weight.shape().count(), nonZero(weight.value()), work)));
    return new EffectiveWork(layers);
  }

  private static Map<Var, Parameter> held(Tape tape, Module model) {
    Map<Var, Parameter> held = new IdentityHashMap<>();
    for (Parameter parameter : model.parameters()) {
      Var effective = tape.watchedVar(new Pass.EffectiveValue(parameter));
      held.put(effective == null ? tape.watchedVar(parameter) : effective, parameter);
    }
    held.remove(null);
    return held;
  }

  private static long nonZero(Tensor value) {
    long count = 0;
    for (int i = 0; i < value.count(); i++) {
      count += value.get(i) != 0 ? 1 : 0;
    }
    return count;
  }

  /** Returns the weights of all layers. */
  long weights() {
    return layers.stream().mapToLong(Layer::weights).sum();
  }

  /** Returns those that are not zero. */
  long nonZero() {
    return layers.stream().mapToLong(Layer::nonZero).sum();
  }

  /** Returns the multiply-accumulates with weights other than zero. */
  long effectiveMacs() {
    return layers.stream().mapToLong(Layer::effectiveMacs).sum();
  }
}
