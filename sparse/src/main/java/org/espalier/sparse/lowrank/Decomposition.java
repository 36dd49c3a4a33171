package org.espalier.sparse.lowrank;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.LayerReplacement;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.optim.train.Recalibration;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Splits the layers of a network that was trained with low ranks into two thin layers each, in
 * place (sheet 09, 2.7): {@code conv1} becomes {@code conv1.reduce} and {@code conv1.expand}. The
 * result consists of standard layers: it is saved, loaded, pruned and trained on like any other,
 * and computes what the network did where the ranks are its own.
 *
 * <p>Layers whose two layers would not be smaller stay, depthwise convolutions among them, and so
 * do layers of classes this does not know. A layer that carries {@link LowRank} gets its factors. A
 * zero matrix becomes two layers of one zero channel. Optimizer slots of split weights are lost,
 * those of all other parameters stay.
 *
 * @param sampleShape the shape of one sample, without the batch axis
 * @param policy the ranks
 * @param coverage which layers take part
 * @param strict whether a layer that is not of its rank is refused instead of truncated with a
 *     warning
 * @param recalibration estimates the statistics of batch norms again behind the split; may be null
 */
public record Decomposition(
    Shape sampleShape,
    RankPolicy policy,
    Coverage coverage,
    boolean strict,
    Recalibration recalibration) {
  /** The share of the largest singular value up to which one behind the rank counts as zero. */
  public static final double LOW_RANK_TOLERANCE = 1e-3;

  private static final System.Logger LOG = System.getLogger(Decomposition.class.getName());

  /**
   * Is one layer that was split.
   *
   * @param path the layer's path, now that of the pair
   * @param rank its rank
   * @param fullRank the rank it could have had
   * @param error the share of the weight's norm that was cut off
   * @param macsBefore multiply-accumulates of the layer for one sample
   * @param macs those of the pair
   */
  public record Split(
      String path, int rank, int fullRank, double error, long macsBefore, long macs) {}

  /**
   * Says what was done.
   *
   * @param splits the layers that were split, in order
   * @param dense the layers that took part and stayed as they are
   * @param dropped residual blocks whose branch added nothing but zeros and went, shortcuts stay
   * @param forecast the costs before and behind, as if no branch went
   */
  public record Report(
      List<Split> splits, List<String> dense, List<String> dropped, LowRankForecast forecast) {}

  /** Returns the decomposition of every convolution at the ranks that the weights have. */
  public static Decomposition at(Shape sampleShape) {
    return new Decomposition(
        sampleShape, RankPolicy.numerical(LOW_RANK_TOLERANCE), Coverage.CONVOLUTIONS, false, null);
  }

  /**
   * Splits every convolution of a model at the rank it has.
   *
   * @param model modified
   * @param sampleShape the shape of one sample, without the batch axis
   */
  public static Report of(Module model, Shape sampleShape) {
    return at(sampleShape).apply(model);
  }

  /** Splits every convolution of a model at ranks that a policy chooses. */
  public static Report of(Module model, Shape sampleShape, RankPolicy policy) {
    return at(sampleShape).withRanks(policy).apply(model);
  }

  /**
   * Returns the two layers that approximate a convolution without groups, or a linear layer; any
   * rank will do, also one whose two layers are larger.
   *
   * @param layer a Conv2d, Conv1d or Linear, not modified
   * @param rank from 1 to the smaller side of its matrix
   */
  public static Sequential split(Module layer, int rank) {
    return split(layer, rank, 1);
  }

  /**
   * Returns the two layers that approximate a grouped convolution.
   *
   * @param layer a Conv2d, Conv1d or (with one group) Linear, not modified
   * @param rank from 1 to the smaller side of one group's matrix
   * @param groups how many groups it has
   */
  public static Sequential split(Module layer, int rank, int groups) {
    if (!TwoLayers.canSplit(layer)) {
      throw new IllegalArgumentException(
          "decomposition: cannot split a %s; give a conv2d, conv1d or linear"
              .formatted(layer.spec().type()));
    }
    Tensor weight = layer.ownParameters().get("weight").value();
    Factors factors =
        Factors.of(layer.name(), weight, WeightMatrix.of(weight.shape(), groups), rank);
    return TwoLayers.of(layer, groups, factors.expand(), factors.reduce());
  }

  /** Returns this decomposition at other ranks. */
  public Decomposition withRanks(RankPolicy other) {
    return new Decomposition(sampleShape, other, coverage, strict, recalibration);
  }

  /** Returns this decomposition of other layers. */
  public Decomposition withCoverage(Coverage other) {
    return new Decomposition(sampleShape, policy, other, strict, recalibration);
  }

  /** Returns this decomposition, refusing layers that are not of their rank. */
  public Decomposition asStrict() {
    return new Decomposition(sampleShape, policy, coverage, true, recalibration);
  }

  /** Returns this decomposition, with batch norms' statistics estimated again at the end. */
  public Decomposition withRecalibration(Recalibration how) {
    return new Decomposition(sampleShape, policy, coverage, strict, how);
  }

  /**
   * Splits the layers of a model, which is modified; refused, it is as before.
   *
   * @throws StateException if this is strict and a layer is not of its rank, or a weight carries
   *     another parametrization than {@link LowRank}
   */
  public Report apply(Module model) {
    List<LowRankLayer> layers = coverage.withoutRectification().of(model, sampleShape);
    int[] ranks = policy.checkedRanks(layers);
    Work work = new Work(model);
    for (int i = 0; i < ranks.length; i++) {
      ranks[i] = work.split(layers.get(i), ranks[i]);
    }
    LowRankForecast forecast = LowRankForecast.of(model, sampleShape, layers, ranks, false);
    LayerReplacement.in(model, (path, layer) -> work.pairs.get(layer));
    List<String> dropped = ZeroBranches.drop(model, work.zeros);
    model.state();
    tell(work.dense, work.truncated);
    if (recalibration != null) {
      recalibration.apply(model);
    }
    return new Report(List.copyOf(work.splits), List.copyOf(work.dense), dropped, forecast);
  }

  /** Collects what is to be put in the place of layers; the model is not modified yet. */
  private final class Work {
    private final Map<String, Module> modules;
    private final Map<Module, Module> pairs = new IdentityHashMap<>();
    private final List<Split> splits = new ArrayList<>();
    private final List<String> dense = new ArrayList<>();
    private final List<String> truncated = new ArrayList<>();
    private final Map<String, Shape> zeros = new LinkedHashMap<>();

    Work(Module model) {
      modules = model.modules();
    }

    /** Splits a layer, if that makes it smaller, and returns its rank behind that. */
    int split(LowRankLayer layer, int chosen) {
      Module old = modules.get(layer.path());
      LowRank factored = LowRank.on(layer.weight());
      int rank = factored == null ? chosen : factored.rank();
      if (!layer.splitsAt(rank) || layer.path().isEmpty() || !TwoLayers.canSplit(old)) {
        dense.add(layer.path());
        return layer.fullRank();
      }
      Factors factors = factors(layer, rank, factored);
      int made = factors.expand().shape().size(1);
      int groups = layer.matrix().groups();
      pairs.put(old, TwoLayers.of(old, groups, factors.expand(), factors.reduce()));
      splits.add(
          new Split(
              layer.path(),
              made,
              layer.fullRank(),
              factors.error(),
              layer.macs(),
              layer.macsAt(made)));
      if (factors.largestTail() > LOW_RANK_TOLERANCE) {
        truncated.add("%s %.1f %%".formatted(layer.path(), 100 * factors.error()));
      }
      if (factors.isZero()) {
        zeros.put(layer.path(), layer.output());
      }
      return made;
    }
  }

  private Factors factors(LowRankLayer layer, int rank, LowRank factored) {
    if (layer.weight().parametrizations().size() > (factored == null ? 0 : 1)) {
      throw new StateException(
          "decomposition: %s carries %s; fold it, or split first and attach it to the two layers"
              .formatted(layer.weight().name(), names(layer)));
    }
    if (factored != null) {
      return factored.factors();
    }
    Factors factors = factors(layer, rank);
    if (factors.isZero()) {
      return factors(layer, 1);
    }
    if (strict && factors.largestTail() > LOW_RANK_TOLERANCE) {
      throw new StateException(
          "decomposition: %s is not of rank %d: the next singular value is %.3g of the largest, truncation takes %.3g of its norm; project it first, or choose a larger rank"
              .formatted(layer.path(), rank, factors.largestTail(), factors.error()));
    }
    return factors;
  }

  private static Factors factors(LowRankLayer layer, int rank) {
    return Factors.of(layer.path(), layer.values(), layer.matrix(), rank, Factors.ZERO_BELOW_SIGMA);
  }

  private static List<String> names(LowRankLayer layer) {
    return layer.weight().parametrizations().stream().map(p -> p.spec().type()).toList();
  }

  private static void tell(List<String> dense, List<String> truncated) {
    if (!dense.isEmpty()) {
      LOG.log(
          System.Logger.Level.INFO,
          "decomposition: {0} stay as they are: no two known layers of their rank are smaller",
          dense);
    }
    if (!truncated.isEmpty()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "decomposition: layers are not of their rank; truncation takes of their norm: {0}",
          String.join(", ", truncated));
    }
  }
}
