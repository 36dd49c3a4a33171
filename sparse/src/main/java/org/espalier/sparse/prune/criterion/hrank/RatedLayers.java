package org.espalier.sparse.prune.criterion.hrank;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Role;
import org.espalier.autograd.op.AveragePool;
import org.espalier.autograd.op.BatchNorm;
import org.espalier.autograd.op.Concat;
import org.espalier.autograd.op.Convolution;
import org.espalier.autograd.op.Scale;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.tensor.Shape;

/**
 * Lists the convolutions of a model in the order of the pass, which is the order of {@link
 * CompressRates}: a rate belongs to a convolution, whatever group its channels are of.
 */
public final class RatedLayers {
  private static final Logger LOG = System.getLogger(RatedLayers.class.getName());

  /**
   * A convolution's call, what a mask of its filters covers (weight, bias, gamma and beta), and
   * whether it is a transition of dense blocks that keeps the width of what it reads.
   */
  record Layer(String path, Call call, List<Parameter> masked, boolean transition) {}

  private final List<Layer> layers;
  private final List<Call> others;
  private final boolean chain;

  private RatedLayers(List<Layer> layers, List<Call> others, boolean chain) {
    this.layers = List.copyOf(layers);
    this.others = List.copyOf(others);
    this.chain = chain;
  }

  /** Reads the layers off one shape pass; refused where there is no convolution. */
  public static RatedLayers of(Module model, Shape sampleShape) {
    Recording recording = Recording.ofShapes(model, sampleShape);
    Map<Parameter, String> paths = new LinkedHashMap<>();
    recording.state().forEach((path, parameter) -> paths.put(parameter, path));
    List<Layer> layers = new ArrayList<>();
    List<Call> others = new ArrayList<>();
    Set<Parameter> seen = new HashSet<>();
    recording
        .producers()
        .forEach(
            (position, weight) -> {
              Call call = recording.calls().get(position);
              if (!(call.op() instanceof Convolution)) {
                others.add(call);
              } else if (seen.add(weight)) {
                boolean transition = isTransition(recording, call);
                layers.add(new Layer(paths.get(weight), call, masked(recording, call), transition));
              }
            });
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("hrank: the model has no convolution to give a rate to");
    }
    boolean chain = recording.calls().stream().noneMatch(RatedLayers::joins);
    return new RatedLayers(layers, others, chain);
  }

  private static boolean joins(Call call) {
    return call.op() instanceof Concat || call.op().role() == Role.SPLIT;
  }

  /** Tells whether a call is a 1x1 convolution of equal widths with an average pool behind it. */
  private static boolean isTransition(Recording recording, Call call) {
    Shape weight = call.input(1).shape();
    boolean pooled =
        recording.calls().stream()
            .anyMatch(next -> next.op() instanceof AveragePool && next.input(0) == call.output());
    return pooled
        && weight.size(0) == weight.size(-1)
        && weight.count() == weight.size(0) * weight.size(0);
  }

  private static List<Parameter> masked(Recording recording, Call call) {
    List<Parameter> masked = new ArrayList<>();
    masked.add(recording.parameterOf(call.input(1)));
    if (recording.parameterOf(call.input(2)) != null) {
      masked.add(recording.parameterOf(call.input(2)));
    }
    for (Call next : recording.calls()) {
      boolean norm = next.op() instanceof Scale || next.op() instanceof BatchNorm;
      if (norm && next.input(0) == call.output()) {
        recording.companions(next).stream().filter(p -> !p.isBuffer()).forEach(masked::add);
      }
    }
    return Collections.unmodifiableList(masked);
  }

  List<Layer> layers() {
    return layers;
  }

  /** Returns the calls of layers that get no rate: linear ones. */
  List<Call> others() {
    return others;
  }

  /** Returns the paths of the convolutions' weights. */
  public List<String> paths() {
    return layers.stream().map(Layer::path).toList();
  }

  /**
   * Returns the number of convolutions that lose filters: all, but in a plain chain of layers (VGG)
   * all but the last, of which the authors take no ranks.
   */
  public int prunable() {
    return layers.size() - (chain && layers.size() > 1 ? 1 : 0);
  }

  /**
   * Returns rates for all convolutions, 0 for one that loses no filters. In a plain chain one rate
   * more is accepted and ignored with a warning, as the released script does for VGG.
   */
  public CompressRates fit(CompressRates rates) {
    boolean ignored = rates.size() == prunable() + 1 && prunable() < layers.size();
    if (rates.size() != prunable() && !ignored) {
      throw new IllegalArgumentException(
          "hrank: %d compress rates for %d convolutions that may lose filters: %s"
              .formatted(rates.size(), prunable(), paths().subList(0, prunable())));
    }
    if (ignored && rates.of(prunable()) != 0) {
      LOG.log(
          Level.WARNING,
          "hrank: the last rate, {0}, is ignored: the filters of {1} are kept",
          rates.of(prunable()),
          paths().get(prunable()));
    }
    List<Double> all = new ArrayList<>(rates.values().subList(0, prunable()));
    while (all.size() < layers.size()) {
      all.add(0.0);
    }
    return new CompressRates(all);
  }

  /**
   * Returns the rates of channels inside blocks as an amount, for {@code Pruner.local(criterion,
   * amount).innerOnly()}; residual streams keep their width (the sheet's {@code INNER_ONLY}).
   */
  public Ratios inner(ChannelGraph graph, CompressRates rates) {
    CompressRates all = fit(rates);
    Ratios ratios = Ratios.of(0);
    for (ChannelGroup group : graph.prunable()) {
      for (Member member : group.members()) {
        int layer = paths().indexOf(member.path());
        if (member.producer() && layer >= 0 && !group.isStream()) {
          ratios = ratios.with(all.of(layer), member.path());
        }
      }
    }
    return ratios;
  }
}
