package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PadMode;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;

/** Pads rows and columns, or the positions of a series (layers reference, section 2). */
public final class Pad extends Module {
  static final String TYPE = "pad";
  private static final String MODE = "mode";
  private static final String TOP = "top";
  private static final String BOTTOM = "bottom";
  private static final String LEFT = "left";
  private static final String RIGHT = "right";

  private final PadMode mode;
  private final int top;
  private final int bottom;
  private final int left;
  private final int right;

  /** Creates the module; a series is padded by left and right. */
  public Pad(PadMode mode, int top, int bottom, int left, int right) {
    if (top < 0 || bottom < 0 || left < 0 || right < 0) {
      throw new IllegalArgumentException(
          "pad: must not be negative, got top %d, bottom %d, left %d, right %d"
              .formatted(top, bottom, left, right));
    }
    this.mode = mode;
    this.top = top;
    this.bottom = bottom;
    this.left = left;
    this.right = right;
  }

  static Pad create(Spec spec) {
    return new Pad(
        PadMode.valueOf(spec.text(MODE)),
        spec.integer(TOP),
        spec.integer(BOTTOM),
        spec.integer(LEFT),
        spec.integer(RIGHT));
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return x.shape().rank() == 3
        ? Ops.pad1d(x, mode, left, right)
        : Ops.pad2d(x, mode, top, bottom, left, right);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE)
        .with(MODE, mode.name())
        .with(TOP, top)
        .with(BOTTOM, bottom)
        .with(LEFT, left)
        .with(RIGHT, right);
  }
}
