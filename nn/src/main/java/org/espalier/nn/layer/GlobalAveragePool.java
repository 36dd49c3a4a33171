package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;

/** Average over all positions: {@code [n, ..., c]} becomes {@code [n, c]}. */
public final class GlobalAveragePool extends Module {
  static final String TYPE = "global_average_pool";

  /** Creates the module. */
  public GlobalAveragePool() {}

  @Override
  protected Var forward(Pass pass, Var x) {
    return Ops.globalAveragePool(x);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE);
  }
}
