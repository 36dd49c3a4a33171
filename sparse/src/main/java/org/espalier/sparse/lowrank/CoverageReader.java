package org.espalier.sparse.lowrank;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Convolution;
import org.espalier.autograd.op.Linear;
import org.espalier.autograd.op.Scale;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.tensor.Shape;

/**
 * Reads off one shape pass which convolutions and linear layers a model runs, and which batch norm
 * alone consumes the output of each.
 */
final class CoverageReader {
  private static final String WEIGHT = ".weight";

  /**
   * Is a convolution or linear layer.
   *
   * @param path the layer's path
   * @param calls every call of it in the pass
   * @param isFinalLinear whether it is linear and nothing with a weight comes behind it
   */
  record Layer(String path, Parameter weight, List<Call> calls, boolean isFinalLinear) {
    boolean isConvolution() {
      return calls.get(0).op() instanceof Convolution;
    }

    /** Returns the number of independent convolutions side by side. */
    int groups() {
      Shape x = calls.get(0).input(0).shape();
      return isConvolution() ? x.size(-1) / weight.shape().size(-1) : 1;
    }

    boolean isDepthwise() {
      return groups() > 1 && weight.shape().size(-1) == 1;
    }

    WeightMatrix matrix() {
      return WeightMatrix.of(weight.shape(), isDepthwise() ? 1 : groups());
    }

    long macs() {
      return calls.stream().mapToLong(call -> call.op().cost(call.axes()).macs()).sum();
    }
  }

  private final Recording recording;
  private final Map<Parameter, Layer> layers = new LinkedHashMap<>();
  private final Map<Var, List<Call>> readers = new IdentityHashMap<>();
  private final Map<Parameter, String> normPaths = new IdentityHashMap<>();
  private final Map<Parameter, BatchNorm> norms = new IdentityHashMap<>();

  CoverageReader(Module model, Shape sampleShape) {
    recording = Recording.ofShapes(model, sampleShape);
    model
        .modules()
        .forEach(
            (path, module) -> {
              if (module instanceof BatchNorm norm && norm.runningVariance() != null) {
                norms.put(norm.runningVariance(), norm);
                normPaths.put(norm.runningVariance(), path);
              }
            });
    for (Call call : recording.calls()) {
      for (int i = 0; i < call.inputCount(); i++) {
        if (call.input(i) != null) {
          readers.computeIfAbsent(call.input(i), var -> new ArrayList<>()).add(call);
        }
      }
    }
    Call last = null;
    for (Map.Entry<Integer, Parameter> producer : recording.producers().entrySet()) {
      Call call = recording.calls().get(producer.getKey());
      last = call;
      if (call.op() instanceof Convolution || call.op() instanceof Linear) {
        Parameter weight = producer.getValue();
        layers
            .computeIfAbsent(weight, w -> new Layer(path(w.name()), w, new ArrayList<>(), false))
            .calls()
            .add(call);
      }
    }
    markFinal(last);
  }

  private void markFinal(Call last) {
    layers.replaceAll(
        (weight, layer) ->
            new Layer(
                layer.path,
                weight,
                layer.calls,
                !layer.isConvolution() && layer.calls.contains(last)));
  }

  private static String path(String weight) {
    return weight.endsWith(WEIGHT)
        ? weight.substring(0, weight.length() - WEIGHT.length())
        : weight;
  }

  /** Returns all layers in the order in which they run first. */
  List<Layer> layers() {
    return List.copyOf(layers.values());
  }

  /** Returns a layer to be projected, with the norm behind it if that is wanted. */
  LowRankLayer layer(Layer layer, boolean rectified) {
    Parameter variance = rectified ? normBehind(layer) : null;
    return new LowRankLayer(
        layer.path,
        layer.weight,
        layer.matrix(),
        variance == null ? null : normPaths.get(variance),
        variance == null ? null : norms.get(variance),
        layer.isDepthwise(),
        layer.calls.get(0).output().shape(),
        layer.macs());
  }

  /** Returns the running variance of the one norm that every output of a layer goes into. */
  private Parameter normBehind(Layer layer) {
    Parameter found = null;
    for (Call call : layer.calls) {
      Parameter variance = normBehind(call);
      if (variance == null || found != null && found != variance) {
        return null;
      }
      found = variance;
    }
    return found;
  }

  /** A frozen batch norm is a scale whose vectors were made from its four parameters. */
  private Parameter normBehind(Call call) {
    List<Call> reading = readers.getOrDefault(call.output(), List.of());
    boolean alone = reading.size() == 1 && call.output() != recording.output();
    if (!alone || !(reading.get(0).op() instanceof Scale)) {
      return null;
    }
    return recording.companions(reading.get(0)).stream()
        .filter(norms::containsKey)
        .findFirst()
        .orElse(null);
  }
}
