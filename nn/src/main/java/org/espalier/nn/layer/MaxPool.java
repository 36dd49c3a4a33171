package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;

/**
 * Maximum of each window of {@code [n, h, w, c]} or {@code [n, l, c]}; the first of equal values
 * wins (layers reference, section 5).
 */
public final class MaxPool extends Pooling {
  static final String TYPE = "max_pool";

  /** Creates a module with square windows side by side. */
  public MaxPool(int kernel) {
    this(PoolOptions.kernel(kernel));
  }

  /** Creates a module; in one dimension the width's numbers count. */
  public MaxPool(PoolOptions options) {
    super(TYPE, options);
  }

  static MaxPool create(Spec spec) {
    return new MaxPool(options(spec));
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return x.shape().rank() == 3 ? Ops.maxPool1d(x, options) : Ops.maxPool2d(x, options);
  }
}
