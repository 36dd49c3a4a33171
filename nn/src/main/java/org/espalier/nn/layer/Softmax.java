package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;

/**
 * Shares along an axis, {@code e^x / Σ e^x}, or their logarithms (layers reference, section 6); the
 * axis is always given, channels are -1.
 */
public final class Softmax extends Module {
  static final String TYPE = "softmax";
  private static final String AXIS = "axis";
  private static final String LOG = "log";

  private final int axis;
  private final boolean log;

  /** Creates a module that gives shares. */
  public Softmax(int axis) {
    this(axis, false);
  }

  /** Creates a module that gives shares or their logarithms. */
  public Softmax(int axis, boolean log) {
    this.axis = axis;
    this.log = log;
  }

  static Softmax create(Spec spec) {
    return new Softmax(spec.integer(AXIS), spec.flag(LOG));
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return log ? Ops.logSoftmax(x, axis) : Ops.softmax(x, axis);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(AXIS, axis).with(LOG, log);
  }
}
