package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;

/**
 * Average of each window of {@code [n, h, w, c]} or {@code [n, l, c]} (layers reference, section
 * 5).
 */
public final class AveragePool extends Pooling {
  static final String TYPE = "average_pool";

  /** Creates a module with square windows side by side. */
  public AveragePool(int kernel) {
    this(PoolOptions.kernel(kernel));
  }

  /** Creates a module; in one dimension the width's numbers count. */
  public AveragePool(PoolOptions options) {
    super(TYPE, options);
  }

  static AveragePool create(Spec spec) {
    return new AveragePool(options(spec));
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return x.shape().rank() == 3 ? Ops.averagePool1d(x, options) : Ops.averagePool2d(x, options);
  }
}
