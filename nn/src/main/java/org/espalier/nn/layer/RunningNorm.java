package org.espalier.nn.layer;

import java.util.List;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Var;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.tensor.Shape;
import org.espalier.tensor.kernel.Clamp;

/**
 * Is what the normalisations with running statistics share: a train pass updates them, every other
 * pass uses them in place of x's own.
 */
abstract class RunningNorm extends AffineNorm {
  static final String MOMENTUM = "momentum";
  private static final String RUNNING_MEAN = "running_mean";

  final Parameter mean;
  final Parameter variance;
  private final FrozenNorm frozen;

  /** Creates a layer with running statistics of this shape, or without where it is null. */
  RunningNorm(String type, double eps, Shape affine, Init gammaInit, Shape tracked) {
    super(type, eps, affine, gammaInit);
    mean = tracked == null ? null : buffer(RUNNING_MEAN, tracked, Init.constant(0));
    variance = tracked == null ? null : buffer("running_var", tracked, Init.constant(1));
    frozen = tracked == null ? null : new FrozenNorm(gamma, beta, mean, variance, eps);
  }

  /** Returns the shape of a saved running mean, null where there is none. */
  static Shape running(Shapes shapes) {
    return shapes.has(RUNNING_MEAN) ? shapes.required(RUNNING_MEAN) : null;
  }

  /** Returns the form with running statistics, null where there are none. */
  final FrozenNorm frozen() {
    return frozen;
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    if (frozen != null && usesRunning(pass)) {
      return frozen.apply(pass, x);
    }
    return tracked(super.forward(pass, x));
  }

  /** Tells whether a pass uses the running statistics, where there are any. */
  boolean usesRunning(Pass pass) {
    return !pass.mode().isTraining();
  }

  /** Fuses with a rectifier in infer passes, where it uses running statistics. */
  @Override
  protected int fuses(Pass pass, List<Module> behind) {
    boolean isFrozen = pass.mode() == Mode.INFER && frozen != null;
    return isFrozen && Clamp.RELU.equals(clampOf(behind)) ? 1 : 0;
  }

  @Override
  protected Var forwardFused(Pass pass, Var x, List<Module> fused) {
    return frozen.applyRelu(pass, x);
  }

  /** Updates the running statistics, if there are any, by those that y's call saved; returns y. */
  final Var tracked(Var y) {
    if (frozen != null) {
      track(y);
    }
    return y;
  }

  /** Updates the running statistics by those that y's call saved. */
  abstract void track(Var y);
}
