package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Normalizations;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;

/**
 * Normalises each sample over all its axes, {@code (x - mean)/(std + eps)} with eps outside the
 * root, scalar gamma and beta: keras-contrib's layer of that name (layers reference, section 3).
 */
public final class InstanceNormKerasContrib extends Module {
  static final String TYPE = "instance_norm_keras_contrib";
  private static final String EPS = "eps";

  private final double eps;
  private final Parameter gamma;
  private final Parameter beta;

  /** Creates a layer with eps 1e-3, gamma 1 and beta 0. */
  public InstanceNormKerasContrib() {
    this(1e-3);
  }

  /** Creates a layer with gamma 1 and beta 0. */
  public InstanceNormKerasContrib(double eps) {
    this.eps = Checks.positive(TYPE, EPS, eps);
    gamma = parameter("weight", Shape.of(1), Init.constant(1));
    beta = parameter("bias", Shape.of(1), Init.constant(0));
  }

  static InstanceNormKerasContrib create(Spec spec) {
    return new InstanceNormKerasContrib(spec.number(EPS));
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return Normalizations.instanceNormKerasContrib(x, pass.value(gamma), pass.value(beta), eps);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(EPS, eps);
  }
}
