package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;

/**
 * Leaky ReLU with a learned slope, {@code x > 0: x, else w·x}: one slope a channel, or one shared
 * by all (He et al., ICCV 2015; layers reference, section 6).
 */
public final class PRelu extends Module {
  static final String TYPE = "prelu";

  private final Parameter weight;

  /** Creates a layer with one slope for all channels, 0.25 at first. */
  public PRelu() {
    this(1);
  }

  /** Creates a layer with one slope a channel, 0.25 at first. */
  public PRelu(int channels) {
    this(channels, 0.25);
  }

  /** Creates a layer with one slope a channel; Keras begins with 0. */
  public PRelu(int channels, double initialSlope) {
    weight =
        parameter(
            "weight", Shape.of(Checks.size("channels", channels)), Init.constant(initialSlope));
  }

  static PRelu create(Shapes shapes) {
    return new PRelu(shapes.required("weight").size(0));
  }

  /** Returns the slopes {@code [c]} or {@code [1]}. */
  public Parameter weight() {
    return weight;
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return Ops.prelu(x, pass.value(weight));
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE);
  }
}
