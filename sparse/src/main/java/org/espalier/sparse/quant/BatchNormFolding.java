package org.espalier.sparse.quant;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv1d;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Folds batch norms into the layers in front of them (resource-efficiency survey, Q8).
 *
 * <pre>
 * W' = W·gamma/√(var + eps)                  per output channel, also grouped and depthwise
 * b' = (b - mean)·gamma/√(var + eps) + beta  b = 0 where there is none
 * </pre>
 *
 * <p>A norm is folded where it has running statistics and stands in a {@link Sequential} right
 * behind a convolution or linear layer, or a chain that ends in one, and nothing of it is used in a
 * second place. Others stay.
 */
public final class BatchNormFolding {
  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";

  /**
   * Is a weight and a bias with a norm folded in.
   *
   * @param weight the weight W'
   * @param bias the bias b'
   */
  public record Folded(Tensor weight, Tensor bias) {}

  /**
   * Is a layer with a norm behind it.
   *
   * @param layerParent what holds the layer
   * @param layerName the layer's name there
   * @param normParent what holds the norm: the same, or what the layer's chain stands in
   * @param normName the norm's name there
   */
  record Pair(Sequential layerParent, String layerName, Sequential normParent, String normName) {
    Module layer() {
      return layerParent.children().get(layerName);
    }

    BatchNorm norm() {
      return (BatchNorm) normParent.children().get(normName);
    }
  }

  private BatchNormFolding() {}

  /**
   * Folds a normalisation into a weight and a bias; nothing is modified.
   *
   * @param bias the bias of each output channel, or null
   * @param gamma the factor of each channel, or null for 1
   * @param beta the term of each channel, or null for 0
   * @param axis the output axis of the weight
   */
  public static Folded fold(
      Tensor weight,
      Tensor bias,
      Tensor gamma,
      Tensor beta,
      Tensor mean,
      Tensor variance,
      double eps,
      int axis) {
    ChannelRuns runs = ChannelRuns.of(weight.shape(), axis);
    if (runs.channels() != mean.count()) {
      throw new IllegalArgumentException(
          "batch norm folding: axis %d of the weight %s has %d channels, the norm has %d"
              .formatted(axis, weight.shape(), runs.channels(), mean.count()));
    }
    Tensor foldedWeight = Tensor.zeros(weight.dtype(), weight.shape());
    Tensor foldedBias = Tensor.zeros(weight.dtype(), mean.shape());
    double[] scale = new double[mean.count()];
    for (int c = 0; c < scale.length; c++) {
      scale[c] = (gamma == null ? 1 : gamma.get(c)) / Math.sqrt(variance.get(c) + eps);
      double moved = ((bias == null ? 0 : bias.get(c)) - mean.get(c)) * scale[c];
      foldedBias.set(c, moved + (beta == null ? 0 : beta.get(c)));
    }
    runs.forEach(
        (channel, from, end) -> {
          for (int i = from; i < end; i++) {
            foldedWeight.set(i, weight.get(i) * scale[channel]);
          }
        });
    return new Folded(foldedWeight, foldedBias);
  }

  /** Folds a norm into a weight whose output axis is the first. */
  static Folded fold(Tensor weight, Tensor bias, BatchNorm norm) {
    return fold(
        weight,
        bias,
        norm.gamma() == null ? null : norm.gamma().value(),
        norm.beta() == null ? null : norm.beta().value(),
        norm.runningMean().value(),
        norm.runningVariance().value(),
        norm.eps(),
        0);
  }

  /**
   * Returns a copy of a model in which norms are folded: its layers have biases instead. Masks and
   * the like on a folded weight are baked in; a {@link FakeQuantize} stays and sees the folded
   * weight. What is attached to a norm's output goes to the layer's. The model is not modified.
   */
  public static Module of(Module model) {
    Module copy = Snapshot.of(model, Map.of()).build();
    for (Pair pair : pairs(copy)) {
      LayerFolding.bake(pair);
    }
    copy.state();
    return copy;
  }

  /**
   * Returns the paths of the layers and norms that folding makes one: behind it, nothing under a
   * layer's path computes what it did before.
   */
  public static Set<String> foldedPaths(Module model) {
    Set<Module> folded = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Pair pair : pairs(model)) {
      folded.add(pair.layer());
      folded.add(pair.norm());
    }
    Set<String> paths = new LinkedHashSet<>();
    model
        .modules()
        .forEach(
            (path, module) -> {
              if (folded.contains(module)) {
                paths.add(path);
              }
            });
    return paths;
  }

  /** Returns the layers of a model with a norm behind them that can be folded, in order. */
  static List<Pair> pairs(Module model) {
    Map<Module, Integer> uses = uses(model);
    List<Pair> pairs = new ArrayList<>();
    for (Module module : model.modules().values()) {
      if (module instanceof Sequential parent) {
        List<String> names = List.copyOf(parent.children().keySet());
        for (int i = 1; i < names.size(); i++) {
          Pair pair = pair(parent, names.get(i - 1), names.get(i), uses);
          if (pair != null) {
            pairs.add(pair);
          }
        }
      }
    }
    return pairs;
  }

  private static Pair pair(
      Sequential parent, String before, String normName, Map<Module, Integer> uses) {
    if (!(parent.children().get(normName) instanceof BatchNorm norm)
        || norm.runningMean() == null
        || !norm.input().isEmpty()
        || uses.get(norm) != 1) {
      return null;
    }
    Sequential holder = parent;
    String name = before;
    while (holder.children().get(name) instanceof Sequential inner && ends(inner, uses)) {
      holder = inner;
      List<String> names = List.copyOf(inner.children().keySet());
      name = names.get(names.size() - 1);
    }
    Module layer = holder.children().get(name);
    boolean sums = layer instanceof Conv2d || layer instanceof Conv1d || layer instanceof Linear;
    return sums && ends(layer, uses) ? new Pair(holder, name, parent, normName) : null;
  }

  /** Tells whether what a module gives goes to the norm as it is, and nowhere else. */
  private static boolean ends(Module module, Map<Module, Integer> uses) {
    boolean isEmpty = module instanceof Sequential && module.children().isEmpty();
    return !isEmpty && module.output().isEmpty() && uses.get(module) == 1;
  }

  /** Returns in how many places each module stands. */
  private static Map<Module, Integer> uses(Module model) {
    Map<Module, Integer> uses = new IdentityHashMap<>();
    for (Module module : model.modules().values()) {
      module.children().values().forEach(child -> uses.merge(child, 1, Integer::sum));
    }
    return uses;
  }

  static Parameter weight(Module layer) {
    return layer.ownParameters().get(WEIGHT);
  }

  static Parameter bias(Module layer) {
    return layer.ownParameters().get(BIAS);
  }

  /** Returns the shape of a tensor of a layer that gets a bias. */
  static Shape shape(Module layer, Map<String, Parameter> state, String path) {
    return path.equals(BIAS)
        ? Shape.of(weight(layer).shape().size(0))
        : state.containsKey(path) ? state.get(path).shape() : null;
  }

  /** Tells whether a parametrization is to see the folded weight. */
  static boolean staysBehind(Parametrization parametrization) {
    return parametrization instanceof FakeQuantize;
  }
}
