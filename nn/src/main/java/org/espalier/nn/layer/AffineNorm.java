package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.tensor.Shape;

/** Is what the normalisations share: eps, and gamma and beta where there are any. */
abstract class AffineNorm extends Module {
  static final String EPS = "eps";
  static final Init ONE = Init.constant(1);
  private static final String WEIGHT = "weight";

  final double eps;
  final Parameter gamma;
  final Parameter beta;

  /** Creates a layer with gamma and beta of this shape, or without both where it is null. */
  AffineNorm(String type, double eps, Shape affine, Init gammaInit) {
    this.eps = Checks.positive(type, EPS, eps);
    gamma = affine == null ? null : parameter(WEIGHT, affine, gammaInit);
    beta = affine == null ? null : parameter("bias", affine, Init.constant(0));
  }

  /** Returns the shape of a saved gamma, null where there is none. */
  static Shape affine(Shapes shapes) {
    return shapes.has(WEIGHT) ? shapes.required(WEIGHT) : null;
  }

  /** Computes the normalisation by x's own statistics; gamma and beta may be null. */
  abstract Var normalise(Var x, Var gamma, Var beta);

  @Override
  protected Var forward(Pass pass, Var x) {
    return normalise(x, pass.valueOrNull(gamma), pass.valueOrNull(beta));
  }
}
