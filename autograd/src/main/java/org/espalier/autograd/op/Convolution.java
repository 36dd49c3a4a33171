package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Cost;
import org.espalier.autograd.Coupling;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;

/**
 * Cross-correlation over one or two axes (layers reference, section 2): {@code y[n,t,o] = b[o] +
 * Σ_{j,c} w[o,j,c] · x[n, t·stride - pad + j·dilation, c]}, zeros outside x.
 *
 * <p>The number of groups is no option: it is the channels of x by the weight's last axis.
 *
 * @param dimensions 1 for x {@code [n, l, c]}, 2 for x {@code [n, h, w, c]}
 * @param options strides, dilations, padding, and whether there may be groups
 * @param clamp the interval that an activation in the same call clamps outputs to, or null; the
 *     derivative at both ends is 0
 */
public record Convolution(int dimensions, ConvOptions options, Clamp clamp) implements Op {
  private static final AxisSpec ONE = AxisSpec.of("x: n x+j c, weight: o j c, bias?: o -> n x o");
  private static final AxisSpec ONE_GROUPED =
      AxisSpec.of("x: n x+j (g c), weight: (g o) j c, bias?: (g o) -> n x (g o)");
  private static final AxisSpec TWO =
      AxisSpec.of("x: n y+i x+j c, weight: o i j c, bias?: o -> n y x o");
  private static final AxisSpec TWO_GROUPED =
      AxisSpec.of("x: n y+i x+j (g c), weight: (g o) i j c, bias?: (g o) -> n y x (g o)");

  /** Creates the op without an activation. */
  public Convolution(int dimensions, ConvOptions options) {
    this(dimensions, options, null);
  }

  @Override
  public String name() {
    return "conv" + dimensions + (clamp == null ? "d" : "d_clamp");
  }

  @Override
  public Keep keep() {
    return clamp == null ? Keep.INPUTS : Keep.BOTH;
  }

  @Override
  public Axes axes(Shape... inputs) {
    AxisSpec spec =
        dimensions == 1
            ? options.grouped() ? ONE_GROUPED : ONE
            : options.grouped() ? TWO_GROUPED : TWO;
    return spec.bind(this, inputs);
  }

  @Override
  public int window(String letter, int input, int kernel) {
    return letter.equals("y")
        ? options
            .paddingHeight()
            .output(name(), input, kernel, options.strideHeight(), options.dilationHeight())
        : options
            .paddingWidth()
            .output(name(), input, kernel, options.strideWidth(), options.dilationWidth());
  }

  /** Returns how the windows of one call lie: shapes of input, weight and output. */
  public ConvGeometry geometry(Shape x, Shape w, Shape y) {
    boolean flat = dimensions == 1;
    int height = flat ? 1 : x.size(1);
    int kernelHeight = flat ? 1 : w.size(1);
    int strideHeight = flat ? 1 : options.strideHeight();
    int dilationHeight = flat ? 1 : options.dilationHeight();
    Padding paddingHeight = flat ? Padding.VALID : options.paddingHeight();
    return new ConvGeometry(
        x.size(0),
        height,
        x.size(-2),
        x.size(-1),
        flat ? 1 : y.size(1),
        y.size(-2),
        y.size(-1),
        kernelHeight,
        w.size(-2),
        strideHeight,
        options.strideWidth(),
        dilationHeight,
        options.dilationWidth(),
        paddingHeight.before(height, kernelHeight, strideHeight, dilationHeight),
        options
            .paddingWidth()
            .before(x.size(-2), w.size(-2), options.strideWidth(), options.dilationWidth()),
        x.size(-1) / w.size(-1));
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    ConvGeometry geometry = geometry(in[0].shape(), in[1].shape(), y.shape());
    KernelLookup.of(y).conv(geometry, in[0], in[1], in[2], clamp, y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    if (clamp == null) {
      return gradients(call, dy);
    }
    Tensor gated = Rectified.gate(call, clamp, dy);
    Tensor[] gradients = gradients(call, gated);
    call.release(gated);
    return gradients;
  }

  private Tensor[] gradients(Call call, Tensor dy) {
    ConvGeometry geometry = geometry(call.input(0).shape(), call.input(1).shape(), dy.shape());
    var kernels = KernelLookup.of(dy);
    Tensor dx = call.needs(0) ? call.like(0) : null;
    Tensor dw = call.needs(1) ? call.like(1) : null;
    Tensor db = call.needs(2) ? call.like(2) : null;
    if (dx != null) {
      kernels.convGradInput(geometry, dy, call.in(1), dx);
    }
    if (dw != null) {
      kernels.convGradWeight(geometry, call.in(0), dy, dw);
    }
    if (db != null) {
      kernels.reduce(Reduction.SUM, dy, Span.channels(dy.shape()), db);
    }
    return new Tensor[] {dx, dw, db};
  }

  @Override
  public Role role() {
    return clamp == null ? Role.LINEAR : Role.OPAQUE;
  }

  /** Counts what the linear part costs: clamping is no multiplication. */
  @Override
  public Cost cost(Axes axes) {
    return Cost.of(new Convolution(dimensions, options), axes);
  }

  /**
   * Ties as the signature says without groups; with one input channel a group (depthwise) whole
   * groups go together; otherwise the same offsets in every group, so that groups stay equal
   * (structured-pruning reference, sections 2.2 and 2.3).
   */
  @Override
  public void couple(Call call, Coupling coupling) {
    if (!options.grouped()) {
      call.axes().couple(coupling);
      return;
    }
    int groups = call.axes().size("g");
    int in = call.axes().size("c");
    int out = call.axes().size("o");
    int channelAxis = dimensions + 1;
    for (int k = 0; k < groups * out; k++) {
      int group = k / out;
      coupling.tie(1, 0, k, Coupling.OUTPUT, channelAxis, k);
      if (call.input(2) != null) {
        coupling.tie(1, 0, k, 2, 0, k);
      }
      if (in == 1 && groups > 1) {
        coupling.tie(0, channelAxis, group, 1, 0, k);
      } else if (group > 0) {
        coupling.tie(1, 0, k % out, 1, 0, k);
      }
    }
    for (int k = 0; k < groups * in && !(in == 1 && groups > 1); k++) {
      coupling.tie(0, channelAxis, k, 1, channelAxis, k % in);
    }
    coupling.tieAll(0, 0, Coupling.OUTPUT, 0, call.input(0).shape().size(0));
  }
}
