package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Interpolate;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;

/**
 * Resizes {@code [n, h, w, c]} or {@code [n, l, c]} to given sizes (layers reference, section 7);
 * series take the width.
 */
public final class Upsample extends Module {
  static final String TYPE = "upsample";
  private static final String MODE = "mode";
  private static final String HEIGHT = "height";
  private static final String WIDTH = "width";

  private final Interpolate.Mode mode;
  private final int height;
  private final int width;

  /** Creates the module. */
  public Upsample(Interpolate.Mode mode, int height, int width) {
    this.mode = mode;
    this.height = Checks.size(HEIGHT, height);
    this.width = Checks.size(WIDTH, width);
  }

  static Upsample create(Spec spec) {
    return new Upsample(
        Interpolate.Mode.valueOf(spec.text(MODE)), spec.integer(HEIGHT), spec.integer(WIDTH));
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return x.shape().rank() == 3
        ? Ops.interpolate1d(x, mode, width)
        : Ops.interpolate2d(x, mode, height, width);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(MODE, mode.name()).with(HEIGHT, height).with(WIDTH, width);
  }
}
