package org.espalier.autograd;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Holds what a walk brought to inputs and leaves; asked by {@link Leaf} (a parameter) or by {@link
 * Var}.
 *
 * <p>The tensors belong to the pass and go with it; {@link #copy()} keeps them. There is no
 * gradient field anywhere and nothing to set to zero.
 */
public final class Gradients {
  private final Map<Object, Tensor> byKey;
  private final Map<Var, Tensor> byVar;

  Gradients(Tape tape, Map<Var, Tensor> carried) {
    byVar = carried;
    byKey = new LinkedHashMap<>();
    tape.watched()
        .forEach(
            (key, watched) -> {
              Tensor gradient = carried.get(watched.var());
              if (gradient != null) {
                byKey.put(key, gradient);
              }
            });
  }

  private Gradients(Map<Object, Tensor> byKey) {
    this.byKey = byKey;
    this.byVar = Map.of();
  }

  /** Returns the gradient of a leaf's raw value, or null where none arrived. */
  public Tensor of(Leaf leaf) {
    return byKey.get(leaf);
  }

  /** Returns what arrived at a value registered under a key, or null. */
  public Tensor ofKey(Object key) {
    return byKey.get(key);
  }

  /** Returns what arrived at an input or other value the walk kept, or null. */
  public Tensor of(Var var) {
    return byVar.get(var);
  }

  /**
   * Returns all leaves with a gradient and their tensors, which a caller may modify (clipping
   * does).
   */
  public Map<Leaf, Tensor> byLeaf() {
    Map<Leaf, Tensor> leaves = new LinkedHashMap<>();
    byKey.forEach(
        (key, gradient) -> {
          if (key instanceof Leaf leaf) {
            leaves.put(leaf, gradient);
          }
        });
    return leaves;
  }

  /** Returns an independent copy on the heap that outlives the pass; asked by leaf or key. */
  public Gradients copy() {
    Map<Object, Tensor> copies = new LinkedHashMap<>();
    byKey.forEach((key, gradient) -> copies.put(key, gradient.copy()));
    return new Gradients(copies);
  }

  /**
   * Returns the sums of these gradients and others, on the heap: micro-batches of one step add up.
   */
  public Gradients plus(Gradients other) {
    Gradients sum = copy();
    other.byKey.forEach(
        (key, gradient) -> {
          Tensor mine = sum.byKey.get(key);
          if (mine == null) {
            sum.byKey.put(key, gradient.copy());
          } else {
            KernelLookup.of(mine).addScaled(1, gradient, mine);
          }
        });
    return sum;
  }
}
