package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;

/**
 * Merges all axes but the first: {@code [n, h, w, c]} becomes {@code [n, h·w·c]}, channels fastest.
 * Weights of a linear layer behind it that come from a channels-first engine need their columns
 * permuted.
 */
public final class Flatten extends Module {
  static final String TYPE = "flatten";

  /** Creates the module. */
  public Flatten() {}

  @Override
  protected Var forward(Pass pass, Var x) {
    return Ops.flatten(x);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE);
  }
}
