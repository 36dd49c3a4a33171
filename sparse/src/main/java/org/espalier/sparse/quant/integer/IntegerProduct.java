package org.espalier.sparse.quant.integer;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Cost;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.autograd.op.Convolution;
import org.espalier.autograd.op.Scale;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Requantization;
import org.espalier.tensor.kernel.RequantizationMode;

/**
 * Computes a convolution, a linear layer or a frozen norm on codes: {@code sum = bias + Σ (q - z) ·
 * w}, then codes with {@code M = s_x · s_w / s_y} a channel, or the values {@code sum · s_x · s_w}
 * (resource-efficient survey, Q9).
 *
 * <p>Inputs are x, weight (I8, an output channel each row), bias (I32) and the scale of each output
 * channel's weights (F32).
 *
 * @param layer the layer in float, whose axes and windows these are
 * @param input what the codes of x mean
 * @param grid what the output codes mean, or null for values
 * @param mode how sums become codes
 */
record IntegerProduct(Op layer, Grid input, Grid grid, RequantizationMode mode)
    implements IntegerOp {
  static final String TYPE = "product";
  static final String WEIGHT = "weight";
  static final String BIAS = "bias";
  static final String SCALE = "scale";
  private static final String GRID = "grid";
  private static final String INPUT = "input";
  private static final String MODE = "mode";

  @Override
  public String name() {
    return "integer_" + layer.name();
  }

  @Override
  public Axes axes(Shape... inputs) {
    Axes axes = layer.axes(inputs[0], inputs[1], inputs[2]);
    if (!inputs[3].equals(inputs[2])) {
      throw new ShapeException(
          "%s: the scales %s must be one for each output channel %s"
              .formatted(name(), inputs[3], inputs[2]));
    }
    return axes;
  }

  @Override
  public Cost cost(Axes axes) {
    return layer.cost(axes);
  }

  @Override
  public DType dtype(DType... inputs) {
    return grid == null ? DType.F32 : DType.I8;
  }

  /** Returns the layer as a convolution of its input's rows. */
  ConvGeometry geometry(Shape x, Shape weight, Shape y) {
    if (layer instanceof Convolution convolution) {
      return convolution.geometry(x, weight, y);
    }
    int in = x.size(-1);
    int out = y.size(-1);
    int images = x.rank() < 3 ? 1 : x.size(0);
    int pixels = x.count() / Math.max(1, images * in);
    boolean eachChannel = layer instanceof Scale;
    // Rows of a linear layer are images of one pixel; those of a norm are pixels of one image.
    return eachChannel
        ? new ConvGeometry(images, 1, pixels, in, 1, pixels, out, 1, 1, 1, 1, 1, 1, 0, 0, in)
        : new ConvGeometry(images * pixels, 1, 1, in, 1, 1, out, 1, 1, 1, 1, 1, 1, 0, 0, 1);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    ConvGeometry geometry = geometry(in[0].shape(), in[1].shape(), y.shape());
    float[] scales = in[3].f32();
    int channels = in[3].count();
    if (grid == null) {
      Tensor sums = saved.scratch(DType.I32, y.shape());
      KernelLookup.integers().sums(geometry, in[0], input.zeroPoint(), in[1], in[2], sums);
      for (int i = 0; i < y.count(); i++) {
        y.f32()[i] = (float) (sums.i32()[i] * ((double) input.scale() * scales[i % channels]));
      }
      return;
    }
    double[] multipliers = new double[channels];
    for (int o = 0; o < channels; o++) {
      multipliers[o] = (double) input.scale() * scales[o] / grid.scale();
    }
    Requantization rounding = new Requantization(mode, grid.range(), multipliers);
    KernelLookup.integers().conv(geometry, in[0], input.zeroPoint(), in[1], in[2], rounding, y);
  }

  @Override
  public Spec describe(Spec spec) {
    Spec described = input.describe(OpOptions.describe(layer, spec), INPUT);
    return (grid == null ? described : grid.describe(described, GRID)).with(MODE, mode.name());
  }

  static IntegerProduct of(Spec spec) {
    return new IntegerProduct(
        OpOptions.op(spec),
        Grid.of(spec, INPUT),
        spec.options().containsKey(GRID) ? Grid.of(spec, GRID) : null,
        RequantizationMode.valueOf(spec.text(MODE)));
  }
}
