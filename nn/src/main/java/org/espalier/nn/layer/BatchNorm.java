package org.espalier.nn.layer;

import java.util.List;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Normalizations;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Clamp;

/**
 * Batch normalisation over all axes but the last (Ioffe and Szegedy, ICML 2015; layers reference,
 * section 3).
 *
 * <p>A train pass normalises with the batch's mean and biased variance, {@code y = gamma·(x -
 * mean)/√(variance + eps) + beta}, and updates the running statistics, {@code r ← (1-a)·r +
 * a·batch}; one value a channel is an error. Every other pass uses the running statistics: one
 * {@code scale} call whose two vectors are made from gamma, beta, mean and variance by ordinary
 * calls, so that all four are coupled to the channel. Without running statistics every pass
 * normalises with the batch's. A {@link #setFrozen frozen} layer uses the running statistics in
 * train passes too and leaves them as they are; gamma and beta go on training.
 */
public final class BatchNorm extends RunningNorm {
  static final String TYPE = "batch_norm";
  private static final String RUNNING_VARIANCE = "runningVariance";
  private static final String COUNT = "num_batches_tracked";

  private static final String FROZEN = "frozen";

  private final BatchNormConfig config;
  private final Parameter batches;
  private boolean isFrozen;

  /** Creates a layer as PyTorch does: eps 1e-5, momentum 0.1. */
  public BatchNorm(int channels) {
    this(channels, BatchNormConfig.PYTORCH);
  }

  /** Creates a layer. */
  public BatchNorm(int channels, BatchNormConfig config) {
    this(Shape.of(Checks.size("channels", channels)), config);
  }

  private BatchNorm(Shape shape, BatchNormConfig config) {
    super(
        TYPE,
        config.eps(),
        config.affine() ? shape : null,
        config.gammaInit(),
        config.trackRunningStats() ? shape : null);
    this.config = config;
    batches =
        config.trackRunningStats() && config.momentum() == null
            ? declare(COUNT, Parameter.buffer(COUNT, Tensor.indices(0)))
            : null;
  }

  static BatchNorm create(Spec spec, Shapes shapes) {
    Shape affine = affine(shapes);
    Shape running = running(shapes);
    // A layer without any tensor knows no number of channels, and needs none.
    int channels = affine != null ? affine.size(0) : running != null ? running.size(0) : 1;
    Double momentum = spec.options().get(MOMENTUM) instanceof Number a ? a.doubleValue() : null;
    BatchNorm norm =
        new BatchNorm(
            channels,
            new BatchNormConfig(
                spec.number(EPS),
                momentum,
                RunningVariance.valueOf(spec.text(RUNNING_VARIANCE)),
                affine != null,
                running != null,
                ONE));
    norm.isFrozen = spec.options().containsKey(FROZEN) && spec.flag(FROZEN);
    return norm;
  }

  /** Returns gamma {@code [c]}, or null. */
  public Parameter gamma() {
    return gamma;
  }

  /** Returns beta {@code [c]}, or null. */
  public Parameter beta() {
    return beta;
  }

  /** Returns the running mean {@code [c]}, or null. */
  public Parameter runningMean() {
    return mean;
  }

  /** Returns the running variance {@code [c]}, or null. */
  public Parameter runningVariance() {
    return variance;
  }

  /** Returns the options the layer was made with. */
  public BatchNormConfig config() {
    return config;
  }

  /**
   * Says whether train passes too use the running statistics and leave them as they are; refused
   * where there are none.
   */
  public void setFrozen(boolean wanted) {
    if (wanted && mean == null) {
      throw new StateException(
          "batch norm '%s' has no running statistics to be frozen at".formatted(name()));
    }
    isFrozen = wanted;
  }

  /** Tells whether train passes use the running statistics. */
  public boolean isFrozen() {
    return isFrozen;
  }

  @Override
  boolean usesRunning(Pass pass) {
    return isFrozen || super.usesRunning(pass);
  }

  /** Returns what is added to the variance under the root. */
  public double eps() {
    return eps;
  }

  @Override
  Var normalise(Var x, Var gamma, Var beta) {
    return Normalizations.batchNorm(x, gamma, beta, eps);
  }

  /** Fuses with a rectifier in train passes too. */
  @Override
  protected int fuses(Pass pass, List<Module> behind) {
    boolean rectified =
        pass.mode() == Mode.TRAIN && !isFrozen && Clamp.RELU.equals(clampOf(behind));
    return rectified ? 1 : super.fuses(pass, behind);
  }

  @Override
  protected Var forwardFused(Pass pass, Var x, List<Module> fused) {
    if (pass.mode() != Mode.TRAIN) {
      return super.forwardFused(pass, x, fused);
    }
    return tracked(
        Normalizations.batchNormRelu(x, pass.valueOrNull(gamma), pass.valueOrNull(beta), eps));
  }

  @Override
  void track(Var y) {
    Tensor batchMean = y.call().saved(org.espalier.autograd.op.BatchNorm.MEAN);
    Tensor batchVariance = y.call().saved(org.espalier.autograd.op.BatchNorm.VARIANCE);
    double rate = config.momentum() == null ? 1.0 / countBatch() : config.momentum();
    long values = y.shape().count() / batchMean.count();
    double factor = config.runningVariance().factor(values, eps);
    mean.update(running -> mix(rate, 1, batchMean, running));
    variance.update(running -> mix(rate, factor, batchVariance, running));
  }

  private int countBatch() {
    batches.update(count -> count.set(0, count.get(0) + 1));
    return (int) batches.raw().get(0);
  }

  private static void mix(double rate, double factor, Tensor batch, Tensor running) {
    for (int c = 0; c < running.count(); c++) {
      running.set(c, (1 - rate) * running.get(c) + rate * factor * batch.get(c));
    }
  }

  @Override
  protected Spec describe() {
    Spec spec =
        Spec.of(TYPE)
            .with(EPS, eps)
            .with(MOMENTUM, config.momentum() == null ? "cumulative" : config.momentum())
            .with(RUNNING_VARIANCE, config.runningVariance().name());
    return isFrozen ? spec.with(FROZEN, true) : spec;
  }
}
