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
 * Normalises the trailing axes of each sample together, with gamma and beta of their shape (Ba et
 * al. 2016; layers reference, section 3).
 */
public final class LayerNorm extends Module {
  static final String TYPE = "layer_norm";
  private static final String AXES = "axes";
  private static final String EPS = "eps";
  private static final double DEFAULT_EPS = 1e-5;

  private final int axes;
  private final double eps;
  private final Parameter gamma;
  private final Parameter beta;

  /** Creates a layer with eps 1e-5, gamma 1 and beta 0 of the trailing axes' shape. */
  public LayerNorm(int... normalized) {
    this(Shape.of(normalized), DEFAULT_EPS);
  }

  /** Creates a layer with gamma 1 and beta 0 of the trailing axes' shape. */
  public LayerNorm(Shape normalized, double eps) {
    this(normalized.rank(), normalized, eps);
  }

  private LayerNorm(int axes, Shape normalized, double eps) {
    this.axes = Checks.size("normalized axes", axes);
    this.eps = Checks.positive(TYPE, EPS, eps);
    gamma = normalized == null ? null : parameter("weight", normalized, Init.constant(1));
    beta = normalized == null ? null : parameter("bias", normalized, Init.constant(0));
  }

  /** Returns a layer over the last axes, without gamma and beta. */
  public static LayerNorm withoutAffine(int axes, double eps) {
    return new LayerNorm(axes, null, eps);
  }

  static LayerNorm create(Spec spec, Shapes shapes) {
    Shape normalized = shapes.has("weight") ? shapes.required("weight") : null;
    return new LayerNorm(spec.integer(AXES), normalized, spec.number(EPS));
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return Normalizations.layerNorm(x, pass.valueOrNull(gamma), pass.valueOrNull(beta), axes, eps);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(AXES, axes).with(EPS, eps);
  }
}
