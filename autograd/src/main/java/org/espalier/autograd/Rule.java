package org.espalier.autograd;

import org.espalier.tensor.Tensor;

/** Says what a walk carries from a call's output to its inputs. */
@FunctionalInterface
public interface Rule {
  /** Carries gradients: the op's own vector-Jacobian product. */
  Rule GRADIENT = (call, upstream) -> call.op().vjp(call, upstream);

  /**
   * Returns what each input receives, null for inputs that need nothing; may return or alias {@code
   * upstream}.
   */
  Tensor[] apply(Call call, Tensor upstream);
}
