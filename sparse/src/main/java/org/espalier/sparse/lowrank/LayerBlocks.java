package org.espalier.sparse.lowrank;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.parallel.Parallel;

/** Walks over the blocks of some layers, several at a time on several threads. */
final class LayerBlocks {
  private LayerBlocks() {}

  /** Does something with one block of one layer; runs in any thread. */
  @FunctionalInterface
  interface Body {
    /** Does it. */
    void on(int layer, int group);
  }

  private record Block(int layer, int group) {}

  /** Does something with all blocks; the weights must not change meanwhile. */
  static void forEach(List<LowRankLayer> layers, Body body) {
    List<Block> blocks = new ArrayList<>();
    for (int layer = 0; layer < layers.size(); layer++) {
      for (int group = 0; group < layers.get(layer).matrix().groups(); group++) {
        blocks.add(new Block(layer, group));
      }
    }
    Parallel.range(
        blocks.size(),
        1,
        (from, to) -> {
          for (Block block : blocks.subList(from, to)) {
            body.on(block.layer, block.group);
          }
        });
  }

  /** Returns for each layer the largest of what its blocks' singular values count to. */
  static int[] largest(List<LowRankLayer> layers, ToIntFunction<Tensor> count) {
    int[][] counts = new int[layers.size()][];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = new int[layers.get(i).matrix().groups()];
    }
    forEach(
        layers,
        (layer, group) ->
            counts[layer][group] = count.applyAsInt(layers.get(layer).singularValues(group)));
    return Arrays.stream(counts).mapToInt(each -> Arrays.stream(each).max().orElse(1)).toArray();
  }
}
