package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
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
 * on the way there, and three less on the way back. Which gradients count there is computed from x
 * again, by the same scale and shift, rather than read from the output: x is read anyway.
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

  /** Number of the saved {@code gamma / √(variance + eps)}, {@code [c]}. */
  private static final int SCALE = 3;

  /** Number of the saved {@code beta - mean · scale}, {@code [c]}. */
  private static final int SHIFT = 4;

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
    Tensor scale = saved.tensor(y.dtype(), channels);
    Tensor shift = saved.tensor(y.dtype(), channels);
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
            call.in(0),
            call.saved(MEAN),
            call.saved(INVERSE_DEVIATION),
            rectified ? call.saved(SCALE) : null,
            shift(call),
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

  /** Returns what tells, with the scale, where the rectifier was open; null without one. */
  private Tensor shift(Call call) {
    return rectified ? call.saved(SHIFT) : null;
  }

  private Tensor gradInput(Call call, Tensor dy, Span span, Tensor sum, Tensor product) {
    Shape channels = Shape.of(span.inner());
    Tensor scale = call.saved(SCALE);
    Tensor slope = call.scratch(dy.dtype(), channels);
    Tensor offset = call.scratch(dy.dtype(), channels);
    for (int c = 0; c < span.inner(); c++) {
      double factor = scale.get(c);
      double s = -factor * call.saved(INVERSE_DEVIATION).get(c) * product.get(c) / span.middle();
      slope.set(c, s);
      offset.set(c, -factor * sum.get(c) / span.middle() - s * call.saved(MEAN).get(c));
    }
    Tensor dx = call.like(0);
    KernelLookup.of(dy).combine(dy, scale, call.in(0), slope, offset, shift(call), span, dx);
    call.release(slope);
    call.release(offset);
    return dx;
  }
}
