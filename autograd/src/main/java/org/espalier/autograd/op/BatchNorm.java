package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Span;

/**
 * Batch normalisation with the batch's own statistics (Ioffe and Szegedy 2015; layers reference,
 * section 3): {@code y = gamma · (x - mean) / √(variance + eps) + beta} a channel.
 *
 * <p>Saves {@link #MEAN}, the biased {@link #VARIANCE} and {@link #INVERSE_DEVIATION}, all {@code
 * [c]}: a layer reads them from {@code y.call().saved(k)} to update running statistics. Frozen
 * batch norm is {@link Scale}.
 *
 * <p>Rectified, it is the rectifier's output at once, {@code max(y, 0)}: one pass over memory less
 * on the way there, and two less on the way back, where the output says which gradients count.
 *
 * @param eps added to the variance under the root
 * @param rectified whether the rectifier follows in the same call
 */
public record BatchNorm(double eps, boolean rectified) implements Op {
  /** Number of the saved mean {@code [c]}. */
  public static final int MEAN = 0;

  /** Number of the saved biased variance {@code [c]}. */
  public static final int VARIANCE = 1;

  /** Number of the saved {@code 1 / √(variance + eps)}, {@code [c]}. */
  public static final int INVERSE_DEVIATION = 2;

  private static final AxisSpec AXES = AxisSpec.of("x: ... c, gamma?: c, beta?: c -> ... c");

  /** Creates the op; eps must be a number and not negative. */
  public BatchNorm {
    Checks.epsilon("batch_norm", eps);
  }

  /** Creates the op without a rectifier. */
  public BatchNorm(double eps) {
    this(eps, false);
  }

  @Override
  public String name() {
    return rectified ? "batch_norm_relu" : "batch_norm";
  }

  @Override
  public Keep keep() {
    return rectified ? Keep.BOTH : Keep.INPUTS;
  }

  @Override
  public Axes axes(Shape... inputs) {
    Axes axes = AXES.bind(this, inputs);
    if (inputs[0].count() == axes.size("c")) {
      throw new ShapeException(
          "batch_norm: needs more than one value per channel for batch statistics, got x "
              + inputs[0]
              + "; use a larger batch, or frozen statistics");
    }
    return axes;
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    var kernels = KernelLookup.of(y);
    Span span = Span.channels(y.shape());
    Shape channels = Shape.of(span.inner());
    Tensor mean = saved.tensor(y.dtype(), channels);
    Tensor variance = saved.tensor(y.dtype(), channels);
    Tensor inverse = saved.tensor(y.dtype(), channels);
    Tensor scale = saved.scratch(y.dtype(), channels);
    Tensor shift = saved.scratch(y.dtype(), channels);
    kernels.moments(in[0], span, mean, variance);
    for (int c = 0; c < span.inner(); c++) {
      double deviation = 1 / Math.sqrt(variance.get(c) + eps);
      double factor = in[1] == null ? deviation : in[1].get(c) * deviation;
      inverse.set(c, deviation);
      scale.set(c, factor);
      shift.set(c, (in[2] == null ? 0 : in[2].get(c)) - mean.get(c) * factor);
    }
    kernels.scaleShift(in[0], scale, shift, span, rectified, y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Span span = Span.channels(dy.shape());
    Shape channels = Shape.of(span.inner());
    Tensor sum = call.scratch(dy.dtype(), channels);
    Tensor product = call.scratch(dy.dtype(), channels);
    KernelLookup.of(dy)
        .normSums(
            dy,
            gate(call),
            call.in(0),
            call.saved(MEAN),
            call.saved(INVERSE_DEVIATION),
            span,
            sum,
            product);
    Tensor dx = call.needs(0) ? gradInput(call, dy, span, sum, product) : null;
    if (!call.needs(1)) {
      call.release(product);
    }
    if (!call.needs(2)) {
      call.release(sum);
    }
    return new Tensor[] {dx, call.needs(1) ? product : null, call.needs(2) ? sum : null};
  }

  /** Returns what tells where gradients pass: the output of the rectifier, null without one. */
  private Tensor gate(Call call) {
    return rectified ? call.out() : null;
  }

  private Tensor gradInput(Call call, Tensor dy, Span span, Tensor sum, Tensor product) {
    Shape channels = Shape.of(span.inner());
    Tensor a = call.scratch(dy.dtype(), channels);
    Tensor b = call.scratch(dy.dtype(), channels);
    Tensor c = call.scratch(dy.dtype(), channels);
    for (int k = 0; k < span.inner(); k++) {
      double inverse = call.saved(INVERSE_DEVIATION).get(k);
      double factor = call.in(1) == null ? inverse : call.in(1).get(k) * inverse;
      double slope = -factor * inverse * product.get(k) / span.middle();
      a.set(k, factor);
      b.set(k, slope);
      c.set(k, -factor * sum.get(k) / span.middle() - slope * call.saved(MEAN).get(k));
    }
    Tensor dx = call.like(0);
    KernelLookup.of(dy).combine(dy, gate(call), a, call.in(0), b, c, span, dx);
    call.release(a);
    call.release(b);
    call.release(c);
    return dx;
  }
}
