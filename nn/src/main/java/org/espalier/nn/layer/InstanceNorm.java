package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Normalizations;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/**
 * Normalises each channel of each sample over its positions, with the biased variance (Ulyanov et
 * al. 2016; layers reference, section 3). By default without gamma and beta and without running
 * statistics, whose form behaves as in {@link BatchNorm}: a train pass updates them with the mean
 * of the samples' statistics, every other pass uses them.
 */
public final class InstanceNorm extends RunningNorm {
  static final String TYPE = "instance_norm";

  private final double momentum;

  /** Creates a layer with eps 1e-5, without gamma, beta and running statistics. */
  public InstanceNorm() {
    this(1e-5, 0.1, null, null);
  }

  /**
   * Creates a layer.
   *
   * @param momentum share of a new batch in the running statistics
   */
  public InstanceNorm(
      int channels, double eps, double momentum, boolean affine, boolean trackRunningStats) {
    this(
        eps,
        momentum,
        affine ? Shape.of(Checks.size("channels", channels)) : null,
        trackRunningStats ? Shape.of(Checks.size("channels", channels)) : null);
  }

  private InstanceNorm(double eps, double momentum, Shape affine, Shape tracked) {
    super(TYPE, eps, affine, ONE, tracked);
    this.momentum = Checks.probability("instance_norm: momentum", momentum);
  }

  static InstanceNorm create(Spec spec, Shapes shapes) {
    return new InstanceNorm(
        spec.number(EPS), spec.number(MOMENTUM), affine(shapes), running(shapes));
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    if (pass.mode().isTraining() && positions(x) == 1) {
      throw new ShapeException(
          "instance_norm: needs more than one position a channel in training, got x " + x.shape());
    }
    return super.forward(pass, x);
  }

  @Override
  Var normalise(Var x, Var gamma, Var beta) {
    return Normalizations.instanceNorm(x, gamma, beta, eps);
  }

  private static int positions(Var x) {
    return x.shape().count(1, x.shape().rank() - 1);
  }

  @Override
  void track(Var y) {
    int samples = y.shape().size(0);
    double unbiased = positions(y) / (positions(y) - 1.0);
    Tensor means = y.call().saved(0);
    Tensor variances = y.call().saved(1);
    mean.update(running -> mix(samples, 1, means, running));
    variance.update(running -> mix(samples, unbiased, variances, running));
  }

  private void mix(int samples, double factor, Tensor statistics, Tensor running) {
    int channels = running.count();
    for (int c = 0; c < channels; c++) {
      double sum = 0;
      for (int n = 0; n < samples; n++) {
        sum += statistics.get(n * channels + c);
      }
      running.set(c, (1 - momentum) * running.get(c) + momentum * factor * sum / samples);
    }
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(EPS, eps).with(MOMENTUM, momentum);
  }
}
