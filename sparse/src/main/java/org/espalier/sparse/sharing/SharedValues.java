package org.espalier.sparse.sharing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/** Is what the ways of sharing values have in common. */
final class SharedValues {
  private static final String LETTERS = "abcdefgh";

  private SharedValues() {}

  /** Refuses a parameter that has parametrizations. */
  static void requirePlain(String type, Parameter weight) {
    if (!weight.parametrizations().isEmpty()) {
      throw new StateException(
          "%s: %s has a parametrization already, and values must be shared first; fold it, share, attach it again"
              .formatted(type, weight.name()));
    }
  }

  /** Refuses a number of values outside 1 to that of the weights. */
  static void requireCount(String type, Parameter weight, int count) {
    if (count < 1 || count > weight.shape().count()) {
      throw new IllegalArgumentException(
          "%s: the number of values must be inside 1..%d for %s, got %d"
              .formatted(type, weight.shape().count(), weight.name(), count));
    }
  }

  /** Returns a tensor whose number i is the value of that place. */
  static Var spread(Pass pass, Parameter values, Tensor places, Shape shape) {
    Var flat = Ops.gather(pass.value(values), pass.input(places), -1);
    StringBuilder axes = new StringBuilder();
    Map<String, Integer> sizes = new LinkedHashMap<>();
    for (int axis = 0; axis < shape.rank(); axis++) {
      String letter = LETTERS.substring(axis, axis + 1);
      axes.append(axis == 0 ? "" : " ").append(letter);
      sizes.put(letter, shape.size(axis));
    }
    return Ops.rearrange(flat, "(" + axes + ") -> " + axes, sizes);
  }

  /** Returns the sizes of a shape as data. */
  static List<Object> sizes(Shape shape) {
    List<Object> sizes = new ArrayList<>();
    for (int axis = 0; axis < shape.rank(); axis++) {
      sizes.add(shape.size(axis));
    }
    return sizes;
  }

  /**
   * Attaches shared values: they learn if the weight did, and the weight's slots, of a shape that
   * is gone, go.
   */
  static void attach(Parameter weight, Parametrization shared) {
    shared.parameters().values().stream()
        .filter(own -> !own.isBuffer())
        .forEach(own -> own.setTrainable(weight.isTrainable()));
    weight.attach(shared);
    weight.slots().clear();
  }
}
