package org.espalier.nn.layer;

import java.util.stream.IntStream;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Tensor;

/**
 * Selects channels by number, {@code y[.., k] = x[.., index[k]]}, zero where the number is -1. The
 * numbers are a buffer, so that a cut of x's channels renumbers them.
 */
public final class Gather extends Module {
  static final String TYPE = "gather";
  private static final String INDEX = "index";

  private final Parameter index;

  /** Creates the module; the array is copied. */
  public Gather(int... index) {
    Checks.size("number of channels", index.length);
    this.index = declare(INDEX, Parameter.buffer(INDEX, Tensor.indices(index.clone())));
  }

  /** Returns a module that takes channels {@code from} (inclusive) to {@code to} (exclusive). */
  public static Gather slice(int from, int to) {
    return new Gather(IntStream.range(from, to).toArray());
  }

  /** Returns a module that shuffles channels: {@code (g, c)} becomes {@code (c, g)}. */
  public static Gather shuffle(int channels, int groups) {
    if (channels % groups != 0) {
      throw new IllegalArgumentException(
          "shuffle: groups %d must divide the channels %d".formatted(groups, channels));
    }
    int size = channels / groups;
    return new Gather(
        IntStream.range(0, channels).map(k -> k % groups * size + k / groups).toArray());
  }

  static Gather create(Shapes shapes) {
    return new Gather(new int[shapes.required(INDEX).size(0)]);
  }

  /** Returns the numbers {@code [out]}, I32. */
  public Parameter index() {
    return index;
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return Ops.gather(x, pass.value(index), -1);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE);
  }
}
