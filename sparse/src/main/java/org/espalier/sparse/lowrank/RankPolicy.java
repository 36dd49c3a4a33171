package org.espalier.sparse.lowrank;

import java.util.Arrays;
import java.util.List;

/**
 * Chooses the rank of each layer that takes part (sheet 09, 2.2). A rank is that of one block of a
 * grouped convolution.
 */
@FunctionalInterface
public interface RankPolicy {
  /** Returns one rank a layer, in the order of the layers; they are not modified. */
  int[] ranks(List<LowRankLayer> layers);

  /** Tells whether ranks depend on the weights: of projected ones, lower ranks may be enough. */
  default boolean readsWeights() {
    return false;
  }

  /** Returns a policy that reads weights if another one does. */
  private static RankPolicy reading(boolean weights, RankPolicy policy) {
    return new RankPolicy() {
      @Override
      public int[] ranks(List<LowRankLayer> layers) {
        return policy.ranks(layers);
      }

      @Override
      public boolean readsWeights() {
        return weights;
      }
    };
  }

  /**
   * Returns the rank that a share of singular values to drop leaves, {@code max(1, (int) (k -
   * k·p))}, computed in doubles as the paper's code does.
   *
   * @param fullRank k
   * @param pruneRatio p in [0, 1)
   */
  static int rank(int fullRank, double pruneRatio) {
    if (!(pruneRatio >= 0 && pruneRatio < 1)) {
      throw new IllegalArgumentException(
          "low rank: the prune ratio of singular values must lie in [0, 1), got %s for a full rank of %d"
              .formatted(pruneRatio, fullRank));
    }
    return Math.max(1, (int) (fullRank - fullRank * pruneRatio));
  }

  /**
   * Returns the policy that drops the same share of singular values in every layer.
   *
   * @param pruneRatio p in [0, 1)
   */
  static RankPolicy ratio(double pruneRatio) {
    rank(1, pruneRatio);
    return layers ->
        layers.stream().mapToInt(layer -> rank(layer.fullRank(), pruneRatio)).toArray();
  }

  /** Returns the policy with a share of its own for each layer, in the order of the layers. */
  static RankPolicy ratios(double... pruneRatios) {
    double[] own = pruneRatios.clone();
    return layers -> {
      requireLength("prune ratios", Arrays.toString(own), own.length, layers);
      int[] ranks = new int[own.length];
      for (int i = 0; i < own.length; i++) {
        try {
          ranks[i] = rank(layers.get(i).fullRank(), own[i]);
        } catch (IllegalArgumentException refused) {
          throw new IllegalArgumentException(
              layers.get(i).path() + ": " + refused.getMessage(), refused);
        }
      }
      return ranks;
    };
  }

  /** Returns the policy with a given rank for each layer, in the order of the layers. */
  static RankPolicy list(int... ranks) {
    int[] own = ranks.clone();
    return layers -> {
      requireLength("ranks", Arrays.toString(own), own.length, layers);
      return own.clone();
    };
  }

  private static void requireLength(
      String what, String given, int length, List<LowRankLayer> layers) {
    if (length != layers.size()) {
      throw new IllegalArgumentException(
          "low rank: got %d %s %s for %d layers %s; there must be one each"
              .formatted(
                  length,
                  what,
                  given,
                  layers.size(),
                  layers.stream().map(LowRankLayer::path).toList()));
    }
  }

  /**
   * Returns the policy that keeps the fewest singular values with at least a share of the energy,
   * those of the merged matrix where a batch norm takes part. Asked anew at every projection: a
   * layer that training made simpler gets a smaller rank (as trained rank pruning does).
   *
   * @param share in (0, 1]
   */
  static RankPolicy energy(double share) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "low rank: the share of energy to keep must lie in (0, 1], got " + share);
    }
    return reading(
        true,
        layers ->
            LayerBlocks.largest(
                layers,
                sigma -> {
                  double all = 0;
                  for (int i = sigma.count() - 1; i >= 0; i--) {
                    all += sigma.get(i) * sigma.get(i);
                  }
                  double kept = 0;
                  int rank = 0;
                  while (rank < sigma.count() && (rank == 0 || kept < share * all)) {
                    kept += sigma.get(rank) * sigma.get(rank);
                    rank++;
                  }
                  return rank;
                }));
  }

  /**
   * Returns the policy that takes the rank a layer has: the number of singular values above a
   * tolerance, at least 1; those below 1e-5 count as zero. For models trained with low ranks.
   *
   * @param relative the tolerance as a multiple of the largest singular value, in [0, 1)
   */
  static RankPolicy numerical(double relative) {
    if (!(relative >= 0 && relative < 1)) {
      throw new IllegalArgumentException(
          "low rank: the relative tolerance must lie in [0, 1), got " + relative);
    }
    return reading(
        true,
        layers ->
            LayerBlocks.largest(
                layers,
                sigma -> {
                  int rank = 1;
                  double least = Math.max(relative * sigma.get(0), Factors.ZERO_BELOW_SIGMA);
                  while (rank < sigma.count() && sigma.get(rank) > least) {
                    rank++;
                  }
                  return rank;
                }));
  }

  /**
   * Returns this policy with least ranks, {@code min(k, max(floor, rank))}; VGG-16 on CIFAR-10 has
   * 18 and 43.
   *
   * @param first the floor of the first layer
   * @param others that of all others
   */
  default RankPolicy withFloors(int first, int others) {
    return reading(
        readsWeights(),
        layers -> {
          int[] ranks = ranks(layers).clone();
          for (int i = 0; i < ranks.length; i++) {
            ranks[i] =
                Math.min(layers.get(i).fullRank(), Math.max(ranks[i], i == 0 ? first : others));
          }
          return ranks;
        });
  }

  /**
   * Returns this policy with ranks rounded up to multiples, {@code min(k, ⌈rank/step⌉·step)}.
   * Kernels compute whole vectors of channels: 13 cost what 16 do. Where a multiple leaves two
   * layers no smaller than one, the layer stays dense, which for few channels is the faster choice
   * too (docs/results/lrpet.md).
   *
   * @param step such as 8 or 16, at least 1
   */
  default RankPolicy inStepsOf(int step) {
    if (step < 1) {
      throw new IllegalArgumentException("low rank: a step of ranks is at least 1, got " + step);
    }
    return reading(
        readsWeights(),
        layers -> {
          int[] ranks = ranks(layers).clone();
          for (int i = 0; i < ranks.length; i++) {
            ranks[i] = Math.min(layers.get(i).fullRank(), (ranks[i] + step - 1) / step * step);
          }
          return ranks;
        });
  }

  /** Asks this policy and refuses ranks outside {@code 1..k}, naming the layer. */
  default int[] checkedRanks(List<LowRankLayer> layers) {
    int[] ranks = ranks(layers);
    requireLength("ranks", Arrays.toString(ranks), ranks.length, layers);
    for (int i = 0; i < ranks.length; i++) {
      layers.get(i).requireRank(ranks[i]);
    }
    return ranks;
  }
}
