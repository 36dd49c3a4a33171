package org.espalier.nn.layer;

import java.util.stream.IntStream;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Tensor;

/**
 * Shortcut without weights of CIFAR ResNets: subsamples space and adds zero channels (He et al.,
 * CVPR 2016, section 3.3, option A; structured-pruning reference, section 2.4).
 *
 * <p>Channels go through an I32 buffer as in {@link Gather}, so that cuts on either side renumber
 * it.
 */
public final class OptionAShortcut extends Module {
  static final String TYPE = "option_a_shortcut";
  private static final String INDEX = "index";
  private static final String STRIDE = "stride";
  private static final String WINDOW = "window";

  /** Says where the zero channels are. */
  public enum Zeros {
    /** Half in front and half behind, {@code b = (out - in)/2}. */
    BOTH_SIDES,
    /** All behind, {@code b = 0}. */
    BEHIND
  }

  private final int stride;
  private final int window;
  private final Parameter index;

  /** Creates a shortcut that takes pixels 0, s, 2s, ... and has zeros on both sides. */
  public OptionAShortcut(int in, int out, int stride) {
    this(in, out, stride, Zeros.BOTH_SIDES, 1);
  }

  /**
   * Creates a shortcut.
   *
   * @param window side of the windows averaged at each stride; 1 takes pixels 0, s, 2s, ...
   */
  public OptionAShortcut(int in, int out, int stride, Zeros zeros, int window) {
    this(stride, window, index(in, out, zeros));
  }

  private OptionAShortcut(int stride, int window, int[] index) {
    this.stride = Checks.size(STRIDE, stride);
    this.window = Checks.size(WINDOW, window);
    this.index = declare(INDEX, Parameter.buffer(INDEX, Tensor.indices(index)));
  }

  private static int[] index(int in, int out, Zeros zeros) {
    if (Checks.size("in", in) > out) {
      throw new IllegalArgumentException(
          "option A shortcut: adds channels, got in %d and out %d".formatted(in, out));
    }
    int front = zeros == Zeros.BOTH_SIDES ? (out - in) / 2 : 0;
    return IntStream.range(0, out)
        .map(k -> k >= front && k < front + in ? k - front : -1)
        .toArray();
  }

  static OptionAShortcut create(Spec spec, Shapes shapes) {
    return new OptionAShortcut(
        spec.integer(STRIDE), spec.integer(WINDOW), new int[shapes.required(INDEX).size(0)]);
  }

  /** Returns for each output channel the input channel, -1 for zero: {@code [out]}, I32. */
  public Parameter index() {
    return index;
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    Var small = x;
    if (stride > 1 || window > 1) {
      small = Ops.averagePool2d(x, PoolOptions.kernel(window).withStride(stride));
    }
    Var y = Ops.gather(small, pass.value(index), -1);
    if (small != x) {
      pass.release(small);
    }
    return y;
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(STRIDE, stride).with(WINDOW, window);
  }
}
