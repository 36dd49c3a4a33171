package org.espalier.sparse.lowrank;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Stateful;
import org.espalier.optim.Step;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.optim.train.Recalibration;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;

/**
 * Projects the weights of a network onto low ranks every so often while it trains at full size:
 * low-rank projection with energy transfer (LRPET; Guo et al., IEEE TNNLS 2024; sheet 09, 2.5).
 * Between projections the weights move freely; behind the last one {@link Decomposition} splits
 * every layer in two without loss.
 *
 * <pre>{@code
 * Trainer.builder(model, loss, sgd, batches)
 *     .callback(LowRankProjection.ratio(sampleShape, 0.57)).epochs(400).build().run();
 * Decomposition.of(model, sampleShape);
 * }</pre>
 *
 * <p>Only weights change: momentum, batch norms and biases do not. Where the output of a layer goes
 * straight into a batch norm and nowhere else, the two are projected together. A model is always
 * projected before it is measured and saved: at the end of an epoch, if steps were taken since.
 * With {@link Builder#everyEpochs} above 1 that holds for those epochs and the last one.
 *
 * <p>A filter that another callback set to zeros stays zero; one that prunes softly belongs in
 * front of this in the trainer's list.
 */
public final class LowRankProjection implements Callback, Stateful {
  /** The share of energy behind the rank below which a finished model counts as projected. */
  private static final double PROJECTED = 1e-9;

  private final Shape sampleShape;
  private final RankPolicy policy;
  private final Coverage coverage;
  private final LayerProjection projection;
  private final int everyEpochs;
  private final int everySteps;
  private final Recalibration recalibration;
  private final boolean recalibratesEveryEpoch;
  private Module model;
  private long steps;
  private long projectedAt;
  private long finishedAs = -1;
  private double tailShare;

  private LowRankProjection(Builder builder) {
    sampleShape = builder.sampleShape;
    policy = builder.policy;
    coverage = builder.coverage;
    projection = new LayerProjection(builder.transfer);
    everyEpochs = builder.everyEpochs;
    everySteps = builder.everySteps;
    recalibration = builder.recalibration;
    recalibratesEveryEpoch = builder.recalibratesEveryEpoch;
  }

  /**
   * Returns a builder.
   *
   * @param sampleShape the shape of one sample, without the batch axis
   */
  public static Builder builder(Shape sampleShape, RankPolicy policy) {
    return new Builder(sampleShape, policy);
  }

  /**
   * Returns the callback of the paper's CIFAR-10 runs: every convolution, at the end of each epoch.
   *
   * @param sampleShape the shape of one sample, without the batch axis
   * @param pruneRatio the share of singular values that is dropped, in [0, 1)
   */
  public static LowRankProjection ratio(Shape sampleShape, double pruneRatio) {
    return builder(sampleShape, RankPolicy.ratio(pruneRatio)).build();
  }

  /** Collects the options of a projection. */
  public static final class Builder {
    private final Shape sampleShape;
    private final RankPolicy policy;
    private Coverage coverage = Coverage.CONVOLUTIONS;
    private EnergyTransfer transfer = EnergyTransfer.UNIFORM;
    private int everyEpochs = 1;
    private int everySteps;
    private Recalibration recalibration;
    private boolean recalibratesEveryEpoch;

    private Builder(Shape sampleShape, RankPolicy policy) {
      this.sampleShape = sampleShape;
      this.policy = policy;
    }

    /** Chooses the layers; every convolution by default. */
    public Builder coverage(Coverage value) {
      coverage = value;
      return this;
    }

    /** Projects another way than with uniform energy transfer. */
    public Builder transfer(EnergyTransfer value) {
      transfer = value;
      return this;
    }

    /** Projects at the end of every so many epochs, and of the last; 1 by default. */
    public Builder everyEpochs(int epochs) {
      everyEpochs = positive("epochs", epochs);
      everySteps = 0;
      return this;
    }

    /** Projects after every so many steps, and at the end of each epoch. */
    public Builder everySteps(int count) {
      everySteps = positive("steps", count);
      return this;
    }

    /**
     * Estimates the statistics of batch norms again at the end of the last epoch, before the model
     * is measured: energy transfer makes outputs larger than they know.
     */
    public Builder recalibrateAtEnd(Recalibration value) {
      recalibration = value;
      recalibratesEveryEpoch = false;
      return this;
    }

    /** Estimates the statistics of batch norms again behind every projection of an epoch's end. */
    public Builder recalibrateEveryEpoch(Recalibration value) {
      recalibration = value;
      recalibratesEveryEpoch = true;
      return this;
    }

    private static int positive(String what, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(
            "low-rank projection: the number of %s between two must be at least 1, got %d"
                .formatted(what, value));
      }
      return value;
    }

    /** Returns the callback. */
    public LowRankProjection build() {
      return new LowRankProjection(this);
    }
  }

  @Override
  public String name() {
    return "low-rank projection";
  }

  /**
   * Projects a model once, by hand; modifies weights only.
   *
   * @return the rank of each projected layer by path
   */
  public Map<String, Integer> project(Module subject) {
    return project(subject, 0);
  }

  private Map<String, Integer> project(Module subject, double leastTail) {
    LayerProjection.Outcome outcome = projection.project(layers(subject), leastTail);
    tailShare = outcome.tailShare();
    return outcome.ranks();
  }

  /**
   * Returns the rank that each layer of a model is projected to, by path; dense ones are absent.
   */
  public Map<String, Integer> ranks(Module subject) {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    layers(subject).forEach((layer, rank) -> ranks.put(layer.path(), rank));
    return ranks;
  }

  private Map<LowRankLayer, Integer> layers(Module subject) {
    List<LowRankLayer> layers = coverage.of(subject, sampleShape);
    for (LowRankLayer layer : layers) {
      if (LowRank.on(layer.weight()) != null) {
        throw new StateException(
            "low-rank projection: %s is trained as two factors already; fold them, or leave the layer out"
                .formatted(layer.path()));
      }
      if (!layer.weight().raw().shape().equals(layer.weight().shape())) {
        throw new StateException(
            "low-rank projection: %s is not stored as such but made by %s; fold it, or leave the layer out"
                .formatted(layer.path(), layer.weight().parametrizations()));
      }
    }
    return projection.projected(layers, policy.checkedRanks(layers));
  }

  @Override
  public void epochStart(Epoch epoch) {
    model = epoch.model();
  }

  @Override
  public void epochResumed(Epoch epoch) {
    model = epoch.model();
  }

  @Override
  public void stepDone(Step step) {
    steps++;
    if (everySteps > 0 && steps % everySteps == 0) {
      project(model, 0);
      projectedAt = steps;
    }
  }

  @Override
  public void epochDone(Epoch epoch) {
    boolean due = everySteps > 0 ? projectedAt < steps : (epoch.index() + 1) % everyEpochs == 0;
    if (due || epoch.isLast() && projectedAt < steps) {
      project(epoch.model(), 0);
      projectedAt = steps;
    }
    epoch.note("tail_energy", tailShare);
    if (recalibration != null && (recalibratesEveryEpoch || epoch.isLast())) {
      recalibration.apply(epoch.model());
    }
    finishedAs = version(epoch.model());
  }

  /** Projects the model that a run ends with, if that is another one than was projected last. */
  @Override
  public void runDone(Module trained) {
    if (version(trained) == finishedAs && projectedAt == steps) {
      return;
    }
    if (policy.readsWeights() && isLowRank(trained)) {
      return;
    }
    project(trained, PROJECTED);
    if (recalibration != null) {
      recalibration.apply(trained);
    }
  }

  /** Tells whether a model was projected: asked of it, a policy that reads weights goes lower. */
  private boolean isLowRank(Module trained) {
    Map<LowRankLayer, Integer> layers = layers(trained);
    int[] ranks = RankPolicy.numerical(PROJECTED).ranks(List.copyOf(layers.keySet()));
    int i = 0;
    for (LowRankLayer layer : layers.keySet()) {
      if (ranks[i++] == layer.fullRank()) {
        return false;
      }
    }
    return true;
  }

  /** Versions only grow: an epoch's values that were put back have another sum than any before. */
  private static long version(Module subject) {
    return subject.state().values().stream().mapToLong(Parameter::version).sum();
  }

  @Override
  public String stateName() {
    return "low_rank_projection";
  }

  @Override
  public Map<String, Object> state() {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("steps", steps);
    state.put("projected_at", projectedAt);
    state.put("tail_energy", tailShare);
    return state;
  }

  @Override
  public void restoreState(Map<String, Object> state) {
    steps = ((Number) state.get("steps")).longValue();
    projectedAt = ((Number) state.get("projected_at")).longValue();
    tailShare = ((Number) state.get("tail_energy")).doubleValue();
  }
}
