package org.espalier.autograd.op;

import java.util.function.IntBinaryOperator;
import org.espalier.autograd.Axes;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.tensor.Shape;
import org.espalier.tensor.kernel.PoolGeometry;

/** Is what maximum and average pooling share: signature, windows and geometry. */
sealed interface Pool extends Op permits AveragePool, MaxPool {
  /** Returns 1 for x {@code [n, l, c]}, 2 for x {@code [n, h, w, c]}. */
  int dimensions();

  /** Returns the windows of the rows, not read with one dimension. */
  PoolWindow height();

  /** Returns the windows of the columns. */
  PoolWindow width();

  @Override
  default Axes axes(Shape... inputs) {
    return Windows.axes(this, dimensions(), inputs);
  }

  @Override
  default int size(String letter) {
    return switch (letter) {
      case "i" -> height().length();
      case "j" -> width().length();
      default -> -1;
    };
  }

  @Override
  default int window(String letter, int input, int kernel) {
    return (letter.equals("y") ? height() : width()).output(name(), input);
  }

  @Override
  default Keep keep() {
    return Keep.NONE;
  }

  /** Returns the name of a pooling op, {@code adaptive_max_pool2d}. */
  static String name(String kind, Pool pool) {
    String prefix = pool.width() instanceof PoolWindow.Adaptive ? "adaptive_" : "";
    return prefix + kind + "_pool" + pool.dimensions() + "d";
  }

  /** Returns where a pooling op's windows lie on x. */
  static PoolGeometry geometry(Pool pool, Shape x) {
    int rows = pool.dimensions() == 1 ? 1 : x.size(1);
    int columns = x.size(-2);
    PoolWindow width = pool.width();
    PoolWindow down = pool.dimensions() == 1 ? PoolOptions.kernel(1).height() : pool.height();
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

  private static int[] list(PoolWindow window, int input, IntBinaryOperator bound) {
    int[] numbers = new int[window.output("pool", input)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = bound.applyAsInt(i, input);
    }
    return numbers;
  }
}
