package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;

/**
 * Average or maximum of as many windows as the output has positions; window i covers {@code
 * [floor(i·L/O), ceil((i+1)·L/O))} (layers reference, section 5).
 */
public final class AdaptivePool extends Module {
  static final String TYPE = "adaptive_pool";
  private static final String HEIGHT = "height";
  private static final String WIDTH = "width";
  private static final String MAXIMUM = "maximum";

  private final int height;
  private final int width;
  private final boolean maximum;

  private AdaptivePool(int height, int width, boolean maximum) {
    this.height = Checks.size("output height", height);
    this.width = Checks.size("output width", width);
    this.maximum = maximum;
  }

  /** Returns averages; series {@code [n, l, c]} get {@code width} positions. */
  public static AdaptivePool average(int height, int width) {
    return new AdaptivePool(height, width, false);
  }

  /** Returns maxima; series {@code [n, l, c]} get {@code width} positions. */
  public static AdaptivePool max(int height, int width) {
    return new AdaptivePool(height, width, true);
  }

  static AdaptivePool create(Spec spec) {
    return new AdaptivePool(spec.integer(HEIGHT), spec.integer(WIDTH), spec.flag(MAXIMUM));
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    if (x.shape().rank() == 3) {
      return maximum ? Ops.adaptiveMaxPool1d(x, width) : Ops.adaptiveAveragePool1d(x, width);
    }
    return maximum
        ? Ops.adaptiveMaxPool2d(x, height, width)
        : Ops.adaptiveAveragePool2d(x, height, width);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(HEIGHT, height).with(WIDTH, width).with(MAXIMUM, maximum);
  }
}
