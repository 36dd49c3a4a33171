package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Lists the convolutions whose filters soft pruning ranks, and zeroes the weakest (soft filter
 * pruning, sections 2.2 and 2.6). Each entry is one weight of which every row is a filter, or the
 * weights of a group that a depthwise convolution binds together: they lose the same channels.
 */
final class FilterLayers {
  private final List<List<Member>> layers;

  private FilterLayers(List<List<Member>> layers) {
    this.layers = layers;
  }

  /**
   * Reads the layers off the model's channel graph; those that make its output are left out.
   *
   * @param skipped paths of layers that take no part
   */
  static FilterLayers of(Module model, Shape sampleShape, Set<String> skipped) {
    Map<String, Member> alone = new LinkedHashMap<>();
    List<List<Member>> layers = new ArrayList<>();
    Set<Parameter> agreeing = new HashSet<>();
    for (ChannelGroup group : ChannelGraph.of(model, sampleShape).groups()) {
      List<Member> filters = filters(group, skipped);
      if (group.pins().contains(GraphReader.OUTPUT_REACHED)) {
        continue;
      }
      if (filters.stream().anyMatch(member -> member.side() == Side.BOTH)) {
        filters.forEach(member -> agreeing.add(member.parameter()));
        layers.add(filters);
      } else {
        filters.forEach(member -> alone.putIfAbsent(member.path(), member));
      }
    }
    alone.values().stream()
        .filter(member -> !agreeing.contains(member.parameter()))
        .forEach(member -> layers.add(List.of(whole(member))));
    if (layers.isEmpty()) {
      throw new IllegalArgumentException(
          "soft filter pruning: the model has no convolution to prune");
    }
    return new FilterLayers(layers);
  }

  private static List<Member> filters(ChannelGroup group, Set<String> skipped) {
    return group.members().stream()
        .filter(member -> member.producer() && member.parameter().shape().rank() > 2)
        .filter(
            member -> skipped.stream().noneMatch(layer -> member.path().startsWith(layer + ".")))
        .toList();
  }

  /** Returns a member that speaks of every row of its weight, whatever group the row is in. */
  private static Member whole(Member member) {
    List<int[]> rows = new ArrayList<>();
    for (int row = 0; row < member.parameter().shape().size(member.axis()); row++) {
      rows.add(new int[] {row});
    }
    return new Member(
        member.parameter(),
        member.path(),
        member.axis(),
        member.side(),
        true,
        true,
        member.why(),
        rows,
        member.gone());
  }

  /** Returns the weights that take part. */
  Set<Parameter> weights() {
    Set<Parameter> weights = new LinkedHashSet<>();
    layers.forEach(layer -> layer.forEach(member -> weights.add(member.parameter())));
    return weights;
  }

  /** Refuses weights with NaN or infinity, naming the layer. */
  void checkFinite() {
    for (Parameter weight : weights()) {
      for (double w : weight.value().toDoubles()) {
        if (!Double.isFinite(w)) {
          throw new IllegalArgumentException(
              "soft filter pruning: '" + weight.name() + "' holds " + w + "; nothing was pruned");
        }
      }
    }
  }

  /**
   * Zeroes in each layer the filters of lowest norm.
   *
   * @return the layers of which the ratio is no whole filter: they are left alone
   */
  List<String> zeroWeakest(FilterNorm norm, double ratio) {
    List<String> whole = new ArrayList<>();
    for (List<Member> layer : layers) {
      TreeSet<Integer> out = weakest(norms(layer, norm), ratio);
      if (out.isEmpty()) {
        whole.add(layer.get(0).layer());
      }
      for (Member member : layer) {
        for (int channel : out) {
          Slices.zero(member.parameter(), member.axis(), member.units().get(channel));
        }
      }
    }
    return whole;
  }

  private static double[] norms(List<Member> layer, FilterNorm norm) {
    double[] sums = new double[layer.get(0).units().size()];
    for (Member member : layer) {
      Tensor value = member.parameter().value();
      for (int channel = 0; channel < sums.length; channel++) {
        for (int row : member.units().get(channel)) {
          int at = channel;
          Slices.visit(value, member.axis(), row, e -> sums[at] = norm.add(sums[at], value.get(e)));
        }
      }
    }
    for (int channel = 0; channel < sums.length; channel++) {
      sums[channel] = norm.finish(sums[channel]);
    }
    return sums;
  }

  /**
   * Returns the filters that one step zeroes: the {@code min(n - 1, ⌊n·P + 1e-9⌋)} lowest norms, of
   * equal ones the lower index first.
   */
  static TreeSet<Integer> weakest(double[] norms, double ratio) {
    int count = Rounding.PRUNE_FLOOR.pruned(norms.length, ratio);
    return Scores.weakest(norms, Math.min(norms.length - 1, count));
  }
}
