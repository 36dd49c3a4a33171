package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Normalizations;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;

/**
 * Normalises each sample over all its axes, {@code (x - mean)/(std + eps)} with eps outside the
 * root, scalar gamma and beta: keras-contrib's layer of that name (layers reference, section 3).
 */
public final class InstanceNormKerasContrib extends AffineNorm {
  static final String TYPE = "instance_norm_keras_contrib";

  /** Creates a layer with eps 1e-3, gamma 1 and beta 0. */
  public InstanceNormKerasContrib() {
    this(1e-3);
  }

  /** Creates a layer with gamma 1 and beta 0. */
  public InstanceNormKerasContrib(double eps) {
    super(TYPE, eps, Shape.of(1), ONE);
  }

  static InstanceNormKerasContrib create(Spec spec) {
    return new InstanceNormKerasContrib(spec.number(EPS));
  }

  @Override
  Var normalise(Var x, Var gamma, Var beta) {
    return Normalizations.instanceNormKerasContrib(x, gamma, beta, eps);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(EPS, eps);
  }
}
