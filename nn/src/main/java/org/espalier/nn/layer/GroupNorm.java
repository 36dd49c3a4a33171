package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Normalizations;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;

/**
 * Normalises groups of channels of each sample (Wu and He, ECCV 2018; layers reference, section 3).
 */
public final class GroupNorm extends AffineNorm {
  static final String TYPE = "group_norm";
  private static final String GROUPS = "groups";

  private final int groups;

  /** Creates a layer with eps 1e-5, gamma 1 and beta 0. */
  public GroupNorm(int groups, int channels) {
    this(groups, channels, 1e-5);
  }

  /** Creates a layer with gamma 1 and beta 0. */
  public GroupNorm(int groups, int channels, double eps) {
    this(groups, Shape.of(Checks.size("channels", channels)), eps);
    if (channels % groups != 0) {
      throw new IllegalArgumentException(
          "group_norm: groups %d must divide the channels %d".formatted(groups, channels));
    }
  }

  private GroupNorm(int groups, Shape channels, double eps) {
    super(TYPE, eps, channels, ONE);
    this.groups = Checks.size(GROUPS, groups);
  }

  /** Returns a layer without gamma and beta. */
  public static GroupNorm withoutAffine(int groups, double eps) {
    return new GroupNorm(groups, null, eps);
  }

  static GroupNorm create(Spec spec, Shapes shapes) {
    return new GroupNorm(spec.integer(GROUPS), affine(shapes), spec.number(EPS));
  }

  @Override
  Var normalise(Var x, Var gamma, Var beta) {
    return Normalizations.groupNorm(x, gamma, beta, groups, eps);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(GROUPS, groups).with(EPS, eps);
  }
}
