package org.espalier.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;

/**
 * Runs its children on the same input and joins their outputs along the channels, the last axis.
 */
public final class Concat extends Module {
  /** Creates the module from children by name, in the order in which their channels come. */
  public Concat(Map<String, ? extends Module> children) {
    if (children.isEmpty()) {
      throw new IllegalArgumentException("concat: needs at least one child");
    }
    children.forEach(this::child);
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    List<Var> parts = new ArrayList<>();
    for (Module child : children().values()) {
      parts.add(child.apply(pass, x));
    }
    Var joined = Ops.concat(-1, parts.toArray(Var[]::new));
    for (Var part : parts) {
      if (part != x) {
        pass.release(part);
      }
    }
    return joined;
  }

  @Override
  protected Spec describe() {
    return Spec.of("concat");
  }
}
