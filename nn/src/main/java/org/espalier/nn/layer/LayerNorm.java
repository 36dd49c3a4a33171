package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Normalizations;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;

/**
 * Normalises the trailing axes of each sample together, with gamma and beta of their shape (Ba et
 * al. 2016; layers reference, section 3).
 */
public final class LayerNorm extends AffineNorm {
  static final String TYPE = "layer_norm";
  private static final String AXES = "axes";
  private static final double DEFAULT_EPS = 1e-5;

  private final int axes;

  /** Creates a layer with eps 1e-5, gamma 1 and beta 0 of the trailing axes' shape. */
  public LayerNorm(int... normalized) {
    this(Shape.of(normalized), DEFAULT_EPS);
  }

  /** Creates a layer with gamma 1 and beta 0 of the trailing axes' shape. */
  public LayerNorm(Shape normalized, double eps) {
    this(normalized.rank(), normalized, eps);
  }

  private LayerNorm(int axes, Shape normalized, double eps) {
    super(TYPE, eps, normalized, ONE);
    this.axes = Checks.size("normalized axes", axes);
  }

  /** Returns a layer over the last axes, without gamma and beta. */
  public static LayerNorm withoutAffine(int axes, double eps) {
    return new LayerNorm(axes, null, eps);
  }

  static LayerNorm create(Spec spec, Shapes shapes) {
    return new LayerNorm(spec.integer(AXES), affine(shapes), spec.number(EPS));
  }

  @Override
  Var normalise(Var x, Var gamma, Var beta) {
    return Normalizations.layerNorm(x, gamma, beta, axes, eps);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(AXES, axes).with(EPS, eps);
  }
}
