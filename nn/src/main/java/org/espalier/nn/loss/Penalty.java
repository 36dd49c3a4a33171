package org.espalier.nn.loss;

import java.util.function.Predicate;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Losses;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;

/** Adds a term of the model itself to the loss; squares are weight decay, the optimizer's work. */
@FunctionalInterface
public interface Penalty {
  /** Returns the term, one number; parameters are read through {@link Pass#value}. */
  Var of(Pass pass, Module model);

  /**
   * Returns {@code factor · Σ|w|} over the effective values of some parameters, with subgradient 0
   * at 0 (layers reference, section 8).
   */
  static Penalty l1(double factor, Predicate<Parameter> members) {
    Targets.positive("l1 penalty: factor", factor);
    return (pass, model) -> {
      Var sum = null;
      for (Parameter parameter : model.parameters()) {
        if (members.test(parameter)) {
          Var term = Losses.l1Penalty(pass.value(parameter));
          sum = sum == null ? term : Ops.add(sum, term);
        }
      }
      if (sum == null) {
        throw new IllegalArgumentException("l1 penalty: no parameter of the model is a member");
      }
      return Ops.affine(sum, factor, 0);
    };
  }
}
