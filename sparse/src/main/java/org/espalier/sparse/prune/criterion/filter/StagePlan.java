package org.espalier.sparse.prune.criterion.filter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.espalier.autograd.Call;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.criterion.Recording;

/**
 * States one ratio for all blocks of a stage, which are those with maps of the same size, and
 * blocks that are left alone (Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017,
 * sections 3.2 and 4.2).
 *
 * <p>Layers are numbered as in the paper: convolutions in the order of the pass, from 1, those on
 * shortcuts left out. So the two of block b, from 0 over all stages, are 2b + 2 and 2b + 3; of a
 * bottleneck 3b + 2 to 3b + 4 (reconstructed).
 */
public final class StagePlan {
  /** One convolution of a block. */
  private record Layer(int number, String path, String block, List<Integer> map) {}

  private final double[] ratios;
  private final Set<Integer> skipped;

  private StagePlan(double[] ratios, Set<Integer> skipped) {
    this.ratios = ratios;
    this.skipped = skipped;
  }

  /** Returns a plan with these ratios, stage by stage. */
  public static StagePlan of(double... ratios) {
    return new StagePlan(ratios.clone(), Set.of());
  }

  /** Returns this plan without some layers, which keep all their filters. */
  public StagePlan skipping(int... layers) {
    return new StagePlan(
        ratios, Arrays.stream(layers).boxed().collect(Collectors.toCollection(LinkedHashSet::new)));
  }

  /**
   * Returns the ratios of a model's inner layers; all others keep their filters. Refused where the
   * model has another number of stages, or a skipped layer is no inner one.
   */
  public Ratios ratios(ChannelGraph graph) {
    List<Layer> layers = layers(graph);
    Map<String, List<Integer>> mapOfBlock = new LinkedHashMap<>();
    layers.forEach(layer -> mapOfBlock.put(layer.block, layer.map));
    List<List<Integer>> stages = mapOfBlock.values().stream().distinct().toList();
    if (stages.size() != ratios.length) {
      throw new IllegalArgumentException(
          "stage plan: %d ratios for %d stages, of maps %s"
              .formatted(ratios.length, stages.size(), stages));
    }
    List<Layer> inner = inner(graph, layers);
    checkSkipped(inner);
    Ratios all = Ratios.of(0);
    for (Layer layer : inner) {
      int stage = stages.indexOf(mapOfBlock.get(layer.block));
      all = all.with(skipped.contains(layer.number) ? 0 : ratios[stage], layer.path);
    }
    return all;
  }

  private static List<Layer> inner(ChannelGraph graph, List<Layer> layers) {
    Set<String> paths =
        graph.prunable().stream()
            .filter(group -> !group.isStream())
            .map(ChannelGroup::name)
            .collect(Collectors.toSet());
    return layers.stream().filter(layer -> paths.contains(layer.path)).toList();
  }

  private void checkSkipped(List<Layer> inner) {
    List<Integer> numbers = inner.stream().map(Layer::number).toList();
    if (!numbers.containsAll(skipped)) {
      throw new IllegalArgumentException(
          "stage plan: layers to skip are %s, but the inner convolutions of blocks are %s"
              .formatted(skipped, numbers));
    }
  }

  /** Returns the convolutions in the branches of blocks. */
  private static List<Layer> layers(ChannelGraph graph) {
    Blocks blocks = new Blocks(graph.model());
    List<Layer> layers = new ArrayList<>();
    int[] number = {0};
    Recording recording = Recording.ofShapes(graph.model(), graph.sampleShape());
    recording
        .producers()
        .forEach(
            (i, weight) -> {
              Call call = recording.calls().get(i);
              String path = weight.name();
              if (call.output().shape().rank() > 2 && !blocks.isOnShortcut(path)) {
                number[0]++;
                String block = blocks.branchOf(path);
                if (block != null) {
                  layers.add(layer(number[0], path, block, call));
                }
              }
            });
    return layers;
  }

  private static Layer layer(int number, String path, String block, Call call) {
    int[] sizes = call.output().shape().sizes();
    List<Integer> map =
        Arrays.stream(sizes, 1, sizes.length - 1).boxed().collect(Collectors.toList());
    return new Layer(number, path, block, map);
  }

  @Override
  public String toString() {
    return "ratios by stage " + Arrays.toString(ratios) + ", layers left alone " + skipped;
  }
}
