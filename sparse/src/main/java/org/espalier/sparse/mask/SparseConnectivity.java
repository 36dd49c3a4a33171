package org.espalier.sparse.mask;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Stateful;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Learns in ordinary training which single connections of a network exist: SCL (Tang et al.,
 * Automatic Sparse Connectivity Learning for Neural Networks, IEEE TNNLS 34(10), 2023).
 *
 * <p>Every weight of a linear layer or convolution gets a {@link LearnedMask}. In each step the
 * task's gradient of a mask is normalised feature by feature, then {@code lambda · h'(m)}, the
 * price of a connection, is added (2.6). The masks want an optimizer of their own, without weight
 * decay: {@link #optimizer}.
 *
 * <pre>{@code
 * SparseConnectivity scl = SparseConnectivity.builder(sampleShape, 0.01).build();
 * scl.attach(model);
 * Trainer.builder(model, loss, scl.optimizer(Sgd.builder().rate(0.05).momentum(0.9).build()), data)
 *     .callback(scl).epochs(60).schedule(Schedule.cosine(60, 0)).build().run();
 * DeadUnits.remove(model, sampleShape);
 * }</pre>
 *
 * <p>When the run is over the masks are baked in: weights outside them are exactly 0. The sizes of
 * mask gradients say nothing about the loss, so a trainer with these masks should not clip all
 * gradients by one norm.
 */
public final class SparseConnectivity implements Callback, Stateful {
  /** The learning rate of masks (reconstructed). */
  public static final double DEFAULT_MASK_RATE = 0.05;

  private static final System.Logger LOG = System.getLogger(SparseConnectivity.class.getName());
  private static final double TARGET_FACTOR = 1.05;

  private final Shape sampleShape;
  private final boolean normalizeByTotal;
  private final int warmupSteps;
  private final double target;
  private final StraightThrough proxy;
  private final MaskGradientNormalization normalization;
  private final double initial;
  private final double activeDecay;
  private final int fineTune;
  private final Optimizer maskOptimizer;
  private final List<String> excluded;
  private final List<String> warned = new ArrayList<>();
  private final MaskFlips flips = new MaskFlips();
  private MaskedModel masked;
  private double lambda;
  private long steps;

  SparseConnectivity(SparseConnectivityBuilder builder) {
    sampleShape = builder.sampleShape;
    lambda = builder.lambda;
    normalizeByTotal = builder.normalizeByTotal;
    warmupSteps = builder.warmupSteps;
    target = builder.target;
    proxy = builder.proxy;
    normalization = builder.normalization;
    initial = builder.initial;
    activeDecay = builder.activeDecay;
    fineTune = builder.fineTune;
    maskOptimizer = builder.maskOptimizer;
    excluded = List.copyOf(builder.excluded);
  }

  /**
   * Returns a builder.
   *
   * @param sampleShape the shape of one sample, without the batch axis
   * @param lambda the cost of one connection, at least 0
   */
  public static SparseConnectivityBuilder builder(Shape sampleShape, double lambda) {
    return new SparseConnectivityBuilder(sampleShape, lambda);
  }

  /** Returns the usual optimizer of masks: SGD, momentum 0.9, no weight decay (reconstructed). */
  static Optimizer defaultMaskOptimizer(double rate) {
    return Sgd.builder().rate(rate).momentum(0.9).build();
  }

  @Override
  public String name() {
    return "sparse connectivity";
  }

  /** Returns an optimizer that gives the masks to their own rule and all else to the other. */
  public Optimizer optimizer(Optimizer forWeights) {
    return Optimizer.route(LearnedMask::isScore, maskOptimizer, forWeights);
  }

  /**
   * Attaches a learned mask to every weight of a linear layer or convolution that is not excluded
   * and has none yet. A run does so itself in its first epoch, if nobody did before.
   *
   * @return the masked weights by path
   */
  public Map<String, Parameter> attach(Module model) {
    Map<String, Parameter> weights = ConnectionWeights.of(model, sampleShape, excluded);
    for (Parameter weight : weights.values()) {
      if (LearnedMask.on(weight) == null) {
        Tensor scores = Tensor.full(weight.dtype(), weight.shape(), initial);
        weight.attach(new LearnedMask(scores, proxy));
      }
    }
    model.state();
    return weights;
  }

  /** Returns the cost of one connection of now, without warm-up; target mode changes it. */
  public double lambda() {
    return lambda;
  }

  /** Returns the regulariser of the step that comes next. */
  public ConnectionCountRegularizer regularizer() {
    double share = warmupSteps == 0 ? 1 : Math.min(1, (steps + 1.0) / warmupSteps);
    return new ConnectionCountRegularizer(lambda * share, normalizeByTotal);
  }

  @Override
  public void epochStart(Epoch epoch) {
    if (epoch.index() == 0 && MaskedModel.of(epoch.model()).isEmpty()) {
      attach(epoch.model()).values().forEach(weight -> epoch.claim(weight, name()));
    }
    if (fineTune > 0 && epoch.index() >= learningEpochs(epoch.epochs())) {
      MaskedModel.of(epoch.model()).freeze().forEach(weight -> epoch.claim(weight, name()));
    }
    flips.clear();
  }

  /** Returns the number of epochs, of a run of so many, in which masks change. */
  private int learningEpochs(int epochs) {
    return Math.max(Math.min(1, epochs), epochs - fineTune);
  }

  /**
   * Turns the task's gradients of masks into those that their optimizer takes. A hand-written loop
   * calls this between walk and optimizer, and {@link #stepDone} behind it.
   */
  @Override
  public void backwardDone(Step step) {
    masked = MaskedModel.of(step.gradients());
    masked.checkFinite();
    double cost = regularizer().costOfOne(masked.byWeight().values());
    masked
        .byWeight()
        .forEach(
            (weight, mask) -> {
              Tensor gradient = step.gradients().of(mask.score());
              if (gradient != null) {
                normalization.normalize(gradient);
                ConnectionCountRegularizer.addGradient(cost, mask, gradient);
              }
              if (activeDecay > 0) {
                MaskedModel.decay(weight, mask, step.gradients().of(weight), activeDecay);
              }
            });
    flips.before(masked.byWeight().values());
    steps++;
  }

  @Override
  public void stepDone(Step step) {
    flips.after(masked.byWeight().values());
    masked.checkFinite();
  }

  @Override
  public void epochDone(Epoch epoch) {
    MaskedModel now = MaskedModel.of(epoch.model());
    if (now.isEmpty()) {
      return;
    }
    epoch.metric("sparsity", now.sparsity());
    epoch.note("connections", now.active());
    epoch.note("mask_flips", flips.count());
    epoch.note("lambda", lambda);
    now.emptyLayers().stream().filter(layer -> !warned.contains(layer)).forEach(this::warn);
    if (!Double.isNaN(target)) {
      lambda = next(lambda, now.sparsity());
    }
  }

  /** Returns the lambda that follows one under which a sparsity was reached (2.7, target mode). */
  private double next(double present, double sparsity) {
    return sparsity < target
        ? present * TARGET_FACTOR
        : sparsity > target ? present / TARGET_FACTOR : present;
  }

  private void warn(String layer) {
    warned.add(layer);
    LOG.log(
        System.Logger.Level.WARNING,
        "sparse connectivity: every connection of {0} is dropped; training goes on, a smaller lambda keeps some",
        layer);
  }

  @Override
  public int epochsToClose(Epoch epoch) {
    boolean learns = epoch.index() + 1 < learningEpochs(epoch.epochs());
    return learns ? Math.min(fineTune, epoch.epochs() - epoch.index() - 1) : 0;
  }

  /** Bakes the masks in: weights outside them become exactly 0, and no mask is left. */
  @Override
  public void runDone(Module model) {
    MaskedModel.of(model).freeze();
    ConnectionWeights.of(model, sampleShape, excluded).values().forEach(MaskedModel::fold);
  }

  @Override
  public String stateName() {
    return "sparse_connectivity";
  }

  @Override
  public Map<String, Object> state() {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("lambda", lambda);
    state.put("steps", steps);
    state.put("flips", flips.count());
    return state;
  }

  @Override
  public void restoreState(Map<String, Object> state) {
    lambda = ((Number) state.get("lambda")).doubleValue();
    steps = ((Number) state.get("steps")).longValue();
    flips.restore(((Number) state.get("flips")).longValue());
  }
}
