package org.espalier.sparse.prune.unstructured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Leaf;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Slot;
import org.espalier.optim.Step;
import org.espalier.sparse.mask.FixedMask;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;

/**
 * Keeps masked weights as they are while an optimizer steps: momentum and weight decay would move
 * their raw values although no gradient arrives. What the optimizer remembers of them is forgotten
 * too, so that a connection that comes back starts at rest.
 */
final class ConnectionHold {
  private final Map<Parameter, Tensor> before = new LinkedHashMap<>();

  /** Returns the fixed mask on a weight, attaching one of ones where there is none. */
  static FixedMask on(Parameter weight) {
    for (Parametrization parametrization : weight.parametrizations()) {
      if (parametrization instanceof FixedMask mask) {
        return mask;
      }
    }
    FixedMask mask = new FixedMask(Tensor.full(DType.F32, weight.shape(), 1).to(weight.dtype()));
    weight.attach(mask);
    return mask;
  }

  /** Puts a mask on a weight, in the place of one before. */
  static void set(Parameter weight, Tensor mask) {
    on(weight).mask().update(kept -> kept.copyFrom(mask.to(kept.dtype())));
  }

  /** Returns the weights with a fixed mask that got a gradient in a step. */
  static List<Parameter> maskedIn(Step step) {
    List<Parameter> found = new ArrayList<>();
    for (Leaf leaf : step.gradients().byLeaf().keySet()) {
      if (leaf instanceof Parameter weight
          && weight.parametrizations().stream().anyMatch(FixedMask.class::isInstance)) {
        found.add(weight);
      }
    }
    return found;
  }

  /** Returns the share of some weights' numbers that is masked. */
  static double sparsity(Collection<Parameter> weights) {
    double zeros = 0;
    double all = 0;
    for (Parameter weight : weights) {
      for (double kept : on(weight).mask().raw().toDoubles()) {
        zeros += kept == 0 ? 1 : 0;
        all++;
      }
    }
    return zeros / all;
  }

  /** Remembers the raw values before a step. */
  void before(Collection<Parameter> weights) {
    before.clear();
    weights.forEach(weight -> before.put(weight, weight.raw().copy()));
  }

  /** Puts the masked ones back after it. */
  void after() {
    before.forEach(
        (weight, old) -> {
          Tensor mask = on(weight).mask().raw();
          weight.update(raw -> overwrite(raw, mask, old));
          for (Slot slot : weight.slots().values()) {
            if (slot.tensor().shape().equals(weight.shape())) {
              overwrite(slot.tensor(), mask, null);
            }
          }
        });
    before.clear();
  }

  private static void overwrite(Tensor values, Tensor mask, Tensor old) {
    for (int i = 0; i < values.count(); i++) {
      if (mask.get(i) == 0) {
        values.set(i, old == null ? 0 : old.get(i));
      }
    }
  }
}
