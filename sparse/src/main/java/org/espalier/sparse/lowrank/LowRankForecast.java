package org.espalier.sparse.lowrank;

import java.util.List;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.tensor.Shape;

/**
 * Predicts what a network costs when its layers are split in two (sheet 09, 2.7 and section 4):
 * multiply-accumulates of one sample, and weights of convolutions and linear layers without biases.
 *
 * @param baseMacs those of the network as it is
 * @param macs those of the split one
 * @param baseWeights weights of the network as it is, those that {@link LowRank} makes counted in
 *     full
 * @param weights those of the split one
 */
public record LowRankForecast(long baseMacs, long macs, long baseWeights, long weights) {
  /**
   * Predicts what {@link Decomposition} makes; a layer whose two layers would not be smaller stays.
   *
   * @param model not modified; needs values only where the policy does
   * @param sampleShape the shape of one sample, without the batch axis
   */
  public static LowRankForecast of(
      Module model, Shape sampleShape, Coverage coverage, RankPolicy policy) {
    return of(model, sampleShape, coverage, policy, false);
  }

  /** Counts every layer as split, also where that makes it larger: published tables do. */
  public static LowRankForecast ofAllSplit(
      Module model, Shape sampleShape, Coverage coverage, RankPolicy policy) {
    return of(model, sampleShape, coverage, policy, true);
  }

  private static LowRankForecast of(
      Module model, Shape sampleShape, Coverage coverage, RankPolicy policy, boolean all) {
    List<LowRankLayer> layers = coverage.of(model, sampleShape);
    return of(model, sampleShape, layers, policy.checkedRanks(layers), all);
  }

  static LowRankForecast of(
      Module model, Shape sampleShape, List<LowRankLayer> layers, int[] ranks, boolean all) {
    Costs costs = Costs.of(model, sampleShape);
    long base = costs.convWeightParams() + costs.linearWeightParams();
    for (LowRankLayer layer : layers) {
      LowRank factored = LowRank.on(layer.weight());
      base +=
          factored == null
              ? 0
              : layer.matrix().size() - layer.matrix().factoredSize(factored.rank());
    }
    long macs = costs.macs();
    long weights = base;
    for (int i = 0; i < ranks.length; i++) {
      LowRankLayer layer = layers.get(i);
      if (all || layer.splitsAt(ranks[i])) {
        macs += layer.macsAt(ranks[i]) - layer.macs();
        weights += layer.matrix().factoredSize(ranks[i]) - layer.matrix().size();
      }
    }
    return new LowRankForecast(costs.macs(), macs, base, weights);
  }

  /** Returns the share of multiply-accumulates that is saved. */
  public double macsSaved() {
    return 1 - macs / (double) baseMacs;
  }

  /** Returns the share of weights that is saved. */
  public double weightsSaved() {
    return 1 - weights / (double) baseWeights;
  }
}
