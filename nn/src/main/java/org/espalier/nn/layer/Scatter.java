package org.espalier.nn.layer;

import org.espalier.autograd.Mode;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Puts channels where their numbers say and adds a constant a channel: {@code y = constant, y[..,
 * index[k]] += x[.., k]}; -1 drops a channel.
 *
 * <p>Behind a pruned branch this keeps a residual stream at full width; the constants are what cut
 * channels gave (soft filter pruning, section 2.7), and their number is the stream's width. While
 * all are zero, passes that train or infer skip the addition.
 */
public final class Scatter extends Module {
  static final String TYPE = "scatter";
  private static final String INDEX = "index";
  private static final String CONSTANT = "constant";

  /** Whether all constants are zero, and the version this was found at. */
  private record Zero(long version, boolean all) {}

  private final Parameter index;
  private final Parameter constant;
  private volatile Zero zero;

  /** Creates the module; the numbers are copied, the constants zero. */
  public Scatter(int[] index, int channels) {
    Checks.size("number of channels", index.length);
    this.index = declare(INDEX, Parameter.buffer(INDEX, Tensor.indices(index.clone())));
    constant = buffer(CONSTANT, Shape.of(Checks.size("channels", channels)), Init.constant(0));
  }

  static Scatter create(Shapes shapes) {
    return new Scatter(new int[shapes.required(INDEX).size(0)], shapes.required(CONSTANT).size(0));
  }

  /** Returns the numbers {@code [in]}, I32. */
  public Parameter index() {
    return index;
  }

  /** Returns the constants {@code [out]}. */
  public Parameter constant() {
    return constant;
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    Var y = Ops.scatter(x, pass.value(index), -1, constant.shape().size(0));
    boolean working = pass.mode().isTraining() || pass.mode() == Mode.INFER;
    if (working && isZero()) {
      return y;
    }
    Var shifted = Ops.scale(y, null, pass.value(constant));
    pass.release(y);
    return shifted;
  }

  private boolean isZero() {
    long version = constant.version();
    Zero known = zero;
    if (known == null || known.version != version) {
      boolean all = true;
      for (double value : constant.value().toDoubles()) {
        all &= value == 0;
      }
      known = new Zero(version, all);
      zero = known;
    }
    return known.all;
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE);
  }
}
