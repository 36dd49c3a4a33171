package org.espalier.sparse.lowrank;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.Tensor;

/** Projects the layers of one model, all at once; only their weights change. */
final class LayerProjection {
  private static final System.Logger LOG = System.getLogger(LayerProjection.class.getName());

  private final EnergyTransfer transfer;
  private List<String> told = List.of();

  LayerProjection(EnergyTransfer transfer) {
    this.transfer = transfer;
  }

  /**
   * Is what a projection did.
   *
   * @param ranks the rank of each projected layer by path
   * @param tailShare the mean share of energy that lay behind the ranks before
   */
  record Outcome(Map<String, Integer> ranks, double tailShare) {}

  /** Returns the layers whose factored form is smaller, with their ranks; names the others once. */
  Map<LowRankLayer, Integer> projected(List<LowRankLayer> layers, int... ranks) {
    Map<LowRankLayer, Integer> projected = new LinkedHashMap<>();
    List<String> dense = new ArrayList<>();
    for (int i = 0; i < ranks.length; i++) {
      if (layers.get(i).matrix().shrinksAt(ranks[i])) {
        projected.put(layers.get(i), ranks[i]);
      } else {
        dense.add(layers.get(i).path());
      }
    }
    if (!dense.isEmpty() && !dense.equals(told)) {
      told = dense;
      LOG.log(
          System.Logger.Level.INFO,
          "low rank: {0} stay dense: two layers of their rank are not smaller",
          dense);
    }
    return projected;
  }

  /**
   * Projects layers.
   *
   * @param leastTail layers with a smaller share of energy behind their rank stay as they are
   */
  Outcome project(Map<LowRankLayer, Integer> ranks, double leastTail) {
    List<LowRankLayer> layers = List.copyOf(ranks.keySet());
    EnergyTransfer.Projected[][] results = new EnergyTransfer.Projected[layers.size()][];
    List<Tensor> values = layers.stream().map(LowRankLayer::values).toList();
    for (int i = 0; i < results.length; i++) {
      results[i] = new EnergyTransfer.Projected[layers.get(i).matrix().groups()];
    }
    LayerBlocks.forEach(
        layers,
        (i, group) -> {
          LowRankLayer layer = layers.get(i);
          results[i][group] =
              transfer.project(
                  layer.path(),
                  layer.matrix().block(values.get(i), group),
                  ranks.get(layer),
                  layer.scale(group));
        });
    Map<String, Integer> done = new LinkedHashMap<>();
    double tails = 0;
    for (int i = 0; i < results.length; i++) {
      LowRankLayer layer = layers.get(i);
      double tail = 0;
      for (EnergyTransfer.Projected result : results[i]) {
        tail = Math.max(tail, result.isSkipped() ? 0 : result.tailShare(ranks.get(layer)));
      }
      if (tail >= leastTail) {
        write(layer, values.get(i), results[i]);
        done.put(layer.path(), ranks.get(layer));
      }
      tails += tail / results.length;
    }
    return new Outcome(done, tails);
  }

  /** Writes what was projected or skipped; optimizer slots are not touched. */
  private static void write(
      LowRankLayer layer, Tensor values, EnergyTransfer.Projected... results) {
    layer
        .weight()
        .update(
            raw -> {
              int block = raw.count() / results.length;
              for (int group = 0; group < results.length; group++) {
                Tensor value = results[group].value();
                for (int i = 0; i < block; i++) {
                  raw.set(group * block + i, value.get(i));
                }
              }
            });
  }
}
