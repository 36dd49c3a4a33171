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
 * Normalises groups of channels of each sample (Wu and He, ECCV 2018; layers reference, section 3).
 */
public final class GroupNorm extends Module {
  static final String TYPE = "group_norm";
  private static final String GROUPS = "groups";
  private static final String EPS = "eps";

  private final int groups;
  private final double eps;
  private final Parameter gamma;
  private final Parameter beta;

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
    this.groups = Checks.size(GROUPS, groups);
    this.eps = Checks.positive(TYPE, EPS, eps);
    gamma = channels == null ? null : parameter("weight", channels, Init.constant(1));
    beta = channels == null ? null : parameter("bias", channels, Init.constant(0));
  }

  /** Returns a layer without gamma and beta. */
  public static GroupNorm withoutAffine(int groups, double eps) {
    return new GroupNorm(groups, null, eps);
  }

  static GroupNorm create(Spec spec, Shapes shapes) {
    Shape channels = shapes.has("weight") ? shapes.required("weight") : null;
    return new GroupNorm(spec.integer(GROUPS), channels, spec.number(EPS));
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return Normalizations.groupNorm(
        x, pass.valueOrNull(gamma), pass.valueOrNull(beta), groups, eps);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(GROUPS, groups).with(EPS, eps);
  }
}
