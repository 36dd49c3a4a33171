package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Coupling;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;

/**
 * Normalises each group of neighbouring channels of each sample together (Wu and He 2018; layers
 * reference, section 3): biased variance; gamma and beta {@code [c]} or null.
 *
 * @param groups number of groups, a divisor of the channels
 * @param eps added to the variance under the root
 */
public record GroupNorm(int groups, double eps) implements Op {
  private static final AxisSpec AXES =
      AxisSpec.of("x: n ... (g c), gamma?: (g c), beta?: (g c) -> n ... (g c)");
  private static final int[] SWAP_MIDDLE = {0, 2, 1, 3};

  /** Creates the op. */
  public GroupNorm {
    Checks.epsilon("group_norm", eps);
    if (groups < 1) {
      throw new IllegalArgumentException("group_norm: groups must be positive, got " + groups);
    }
  }

  @Override
  public String name() {
    return "group_norm";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public int size(String letter) {
    return letter.equals("g") ? groups : -1;
  }

  /** Returns x as {@code [n, positions, g, c]}. */
  private Shape apart(Shape x) {
    int channels = x.size(-1);
    int positions = x.count(1, x.rank() - 1);
    return Shape.of(x.size(0), positions, groups, channels / groups);
  }

  /** Returns the shape with each group's numbers side by side, {@code [n, g, positions, c]}. */
  private static Shape together(Shape apart) {
    return Shape.of(apart.size(0), apart.size(2), apart.size(1), apart.size(3));
  }

  private Normalization over(Shape x) {
    Span statistics = Span.of(together(apart(x)), 2, 4);
    return new Normalization(statistics, Span.channels(x), eps, false);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    var kernels = KernelLookup.of(y);
    Shape apart = apart(y.shape());
    Tensor x = saved.scratch(y.dtype(), together(apart));
    kernels.permute(in[0].reshape(apart), SWAP_MIDDLE, x);
    over(y.shape()).forward(x, null, null, x, saved);
    kernels.permute(x, SWAP_MIDDLE, y.reshape(apart));
    if (in[1] != null || in[2] != null) {
      kernels.scaleShift(y, in[1], in[2], Span.channels(y.shape()), false, y);
    }
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Normalization over = over(dy.shape());
    Tensor x = swap(call, call.in(0), together(apart(dy.shape())));
    Tensor dgamma = null;
    if (call.needs(1)) {
      Tensor swapped = over.normal(call, x);
      Tensor normal = swap(call, swapped, apart(dy.shape()));
      dgamma = over.gradGamma(call, normal.reshape(dy.shape()), dy);
      call.release(swapped);
      call.release(normal);
    }
    Tensor dbeta = call.needs(2) ? call.like(2) : null;
    if (dbeta != null) {
      KernelLookup.of(dy).reduce(Reduction.SUM, dy, Span.channels(dy.shape()), dbeta);
    }
    Tensor dx = call.needs(0) ? gradInput(call, over, x, dy) : null;
    call.release(x);
    return new Tensor[] {dx, dgamma, dbeta};
  }

  private Tensor gradInput(Call call, Normalization over, Tensor x, Tensor dy) {
    Tensor scaled = over.scaled(call, dy);
    Tensor swapped = swap(call, scaled, x.shape());
    Tensor gradient = over.gradInput(call, x, swapped);
    Tensor dx = swap(call, gradient, apart(dy.shape())).reshape(dy.shape());
    call.release(scaled);
    call.release(swapped);
    call.release(gradient);
    return dx;
  }

  /** Returns a tensor with positions and groups exchanged, of the given shape. */
  private Tensor swap(Call call, Tensor x, Shape swapped) {
    Shape from = Shape.of(swapped.size(0), swapped.size(2), swapped.size(1), swapped.size(3));
    Tensor y = call.scratch(x.dtype(), swapped);
    KernelLookup.of(x).permute(x.reshape(from), SWAP_MIDDLE, y);
    return y;
  }

  /** Ties by channel, and equal offsets of all groups to each other, so that groups stay equal. */
  @Override
  public void couple(Call call, Coupling coupling) {
    call.axes().couple(coupling);
    int axis = call.input(0).shape().rank() - 1;
    int size = call.axes().size("c");
    for (int k = size; k < groups * size; k++) {
      coupling.tie(0, axis, k % size, 0, axis, k);
    }
  }
}
