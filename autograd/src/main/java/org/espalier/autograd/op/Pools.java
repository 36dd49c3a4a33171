package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Op;
import org.espalier.tensor.Shape;
import org.espalier.tensor.kernel.PoolGeometry;

/** Shares what maximum and average pooling have in common: signature, name and geometry. */
final class Pools {
  private static final AxisSpec ONE = AxisSpec.of("x: n x+j c -> n x c");
  private static final AxisSpec TWO = AxisSpec.of("x: n y+i x+j c -> n y x c");
  private static final PoolWindow SINGLE = new PoolWindow.Fixed(1, 1, 0, 1, false, true);

  private Pools() {}

  static String name(String kind, int dimensions, PoolWindow window) {
    String prefix = window instanceof PoolWindow.Adaptive ? "adaptive_" : "";
    return prefix + kind + "_pool" + dimensions + "d";
  }

  static Axes axes(Op op, int dimensions, Shape... inputs) {
    return (dimensions == 1 ? ONE : TWO).bind(op, inputs);
  }

  static int size(String letter, PoolWindow height, PoolWindow width) {
    return switch (letter) {
      case "i" -> height.length();
      case "j" -> width.length();
      default -> -1;
    };
  }

  static PoolGeometry geometry(Shape x, int dimensions, PoolWindow height, PoolWindow width) {
    int rows = dimensions == 1 ? 1 : x.size(1);
    int columns = x.size(-2);
    PoolWindow down = dimensions == 1 ? SINGLE : height;
    return new PoolGeometry(
        x.size(0),
        rows,
        columns,
        x.size(-1),
        list(down, rows, down::start),
        list(down, rows, down::end),
        list(down, rows, down::count),
        down.step(),
        list(width, columns, width::start),
        list(width, columns, width::end),
        list(width, columns, width::count),
        width.step());
  }

  @FunctionalInterface
  private interface Bound {
    int of(int window, int input);
  }

  private static int[] list(PoolWindow window, int input, Bound bound) {
    int[] numbers = new int[window.output("pool", input)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = bound.of(i, input);
    }
    return numbers;
  }
}
