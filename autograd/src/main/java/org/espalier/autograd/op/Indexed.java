package org.espalier.autograd.op;

import java.util.List;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Coupling;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;

/** Shares what {@link Gather} and {@link Scatter} have in common: signatures and index ties. */
final class Indexed {
  private static final List<AxisSpec> GATHER =
      List.of(
          AxisSpec.of("x: ... c, index: o@c -> ... o"),
          AxisSpec.of("x: ... c p, index: o@c -> ... o p"),
          AxisSpec.of("x: ... c p q, index: o@c -> ... o p q"),
          AxisSpec.of("x: ... c p q r, index: o@c -> ... o p q r"));
  private static final List<AxisSpec> SCATTER =
      List.of(
          AxisSpec.of("x: ... o, index: o@c -> ... c"),
          AxisSpec.of("x: ... o p, index: o@c -> ... c p"),
          AxisSpec.of("x: ... o p q, index: o@c -> ... c p q"),
          AxisSpec.of("x: ... o p q r, index: o@c -> ... c p q r"));

  private Indexed() {}

  static AxisSpec gather(int inner) {
    return GATHER.get(inner);
  }

  static AxisSpec scatter(int inner) {
    return SCATTER.get(inner);
  }

  static void check(String op, int inner) {
    if (inner < 0 || inner >= GATHER.size()) {
      throw new ShapeException(
          op + ": at most " + (GATHER.size() - 1) + " axes may lie behind, got " + inner);
    }
  }

  /** Ties all axes but the indexed one to each other. */
  static void coupleRest(Call call, int inner, Coupling coupling) {
    Shape shape = call.input(0).shape();
    int along = shape.rank() - 1 - inner;
    for (int axis = 0; axis < shape.rank(); axis++) {
      if (axis != along) {
        coupling.tieAll(0, axis, Coupling.OUTPUT, axis, shape.size(axis));
      }
    }
  }
}
