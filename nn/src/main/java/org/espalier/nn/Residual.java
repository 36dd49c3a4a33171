package org.espalier.nn;

import java.util.List;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.tensor.kernel.Clamp;

/**
 * Adds a branch to a shortcut of the same input: {@code y = branch(x) + shortcut(x)}; without a
 * shortcut module the input itself is added. Shapes must be equal: nothing is broadcast.
 */
public final class Residual extends Module {
  private static final String BRANCH = "branch";
  private static final String SHORTCUT = "shortcut";

  /** Creates a block whose shortcut is the identity. */
  public Residual(Module branch) {
    this(branch, null);
  }

  /** Creates a block; shortcut may be null for the identity. */
  public Residual(Module branch, Module shortcut) {
    child(BRANCH, branch);
    if (shortcut != null) {
      child(SHORTCUT, shortcut);
    }
  }

  /** Returns the branch. */
  public Module branch() {
    return children().get(BRANCH);
  }

  /** Returns the shortcut, null for the identity. */
  public Module shortcut() {
    return children().get(SHORTCUT);
  }

  /** Puts another module in the branch's place. */
  public void setBranch(Module branch) {
    replaceChild(BRANCH, branch);
  }

  /** Puts another module in the shortcut's place; null for the identity. */
  public void setShortcut(Module shortcut) {
    if (shortcut == null) {
      if (shortcut() != null) {
        removeChild(SHORTCUT);
      }
    } else if (shortcut() == null) {
      child(SHORTCUT, shortcut);
    } else {
      replaceChild(SHORTCUT, shortcut);
    }
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return sum(pass, x, false);
  }

  /** Fuses with a rectifier in train and infer passes. */
  @Override
  protected int fuses(Pass pass, List<Module> behind) {
    boolean unread = pass.mode() == Mode.TRAIN || pass.mode() == Mode.INFER;
    return unread && Clamp.RELU.equals(clampOf(behind)) ? 1 : 0;
  }

  @Override
  protected Var forwardFused(Pass pass, Var x, List<Module> fused) {
    return sum(pass, x, true);
  }

  private Var sum(Pass pass, Var x, boolean rectified) {
    Var change = branch().apply(pass, x);
    Var carried = shortcut() == null ? x : shortcut().apply(pass, x);
    Var sum = rectified ? Ops.addRelu(change, carried) : Ops.add(change, carried);
    if (change != x) {
      pass.release(change);
    }
    if (carried != x) {
      pass.release(carried);
    }
    return sum;
  }

  @Override
  protected Spec describe() {
    return Spec.of("residual");
  }
}
