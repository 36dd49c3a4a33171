package org.espalier.sparse.quant.integer;

import java.util.Optional;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Scale;
import org.espalier.sparse.quant.AffineQuantizer;
import org.espalier.sparse.quant.FakeQuantize;
import org.espalier.sparse.quant.QuantizationGrid;
import org.espalier.sparse.quant.Range;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.AccumulatorBound;
import org.espalier.tensor.kernel.CodeRange;

/**
 * Holds the constants of a product in integers: weights of 8 bits, symmetric, a scale for each
 * output channel, and biases of 32 bits in units of {@code s_x · s_w} (resource-efficient survey,
 * Q7 to Q9).
 *
 * <p>A frozen norm behind the layer is folded in first, {@code W' = W·s}, {@code b' = b·s + t};
 * weights that are on a grid already stay on it, their scale takes the factor.
 *
 * @param codes the weights, I8
 * @param scales the scale of each output channel, F32
 * @param bias the biases, I32
 */
record QuantizedWeight(Tensor codes, Tensor scales, Tensor bias) {
  /** Codes of a bias that leave room in 32 bits for the sum. */
  private static final double MOST = 1 << 30;

  /** Codes of the bias of a channel without weights, which may have any scale. */
  private static final double PLENTY = 1 << 20;

  /**
   * Quantises the constants of a stage.
   *
   * @param input what the codes of the product's input mean
   */
  static QuantizedWeight of(Stage stage, Grid input) {
    Call head = stage.head();
    boolean norm = head.op() instanceof Scale;
    Var weight = norm ? null : head.input(1);
    Call folded = norm ? head : folded(stage);
    int out = head.output().shape().size(-1);
    double[] factor = vector(folded, 1, out, 1);
    double[] bias = norm ? new double[out] : vector(head, 2, out, 0);
    double[] term = vector(folded, 2, out, 0);
    for (int o = 0; o < out; o++) {
      bias[o] = bias[o] * factor[o] + term[o];
    }
    Optional<AffineQuantizer> grid =
        weight == null || weight.call() == null
            ? Optional.empty()
            : FakeQuantize.quantizerOf(weight.call());
    QuantizedWeight quantised =
        grid.isPresent()
            ? onGrid(stage.name(), weight.call().in(0), grid.get(), factor)
            : rounded(stage.name(), norm ? null : head.in(1), factor);
    return quantised.withBias(stage.name(), bias, input);
  }

  private static Call folded(Stage stage) {
    return stage.tail().stream()
        .filter(call -> call.op() instanceof Scale)
        .findFirst()
        .orElse(null);
  }

  private static double[] vector(Call call, int input, int count, double otherwise) {
    double[] vector = new double[count];
    for (int i = 0; i < count; i++) {
      vector[i] = call == null || call.in(input) == null ? otherwise : call.in(input).get(i);
    }
    return vector;
  }

  /** Rounds a weight, or the factors of a norm themselves, to a grid a channel. */
  private static QuantizedWeight rounded(String name, Tensor weight, double[] factor) {
    Shape shape = weight == null ? Shape.of(factor.length) : weight.shape();
    Tensor scaled = Tensor.zeros(DType.F32, shape);
    int row = shape.count() / Math.max(1, factor.length);
    for (int i = 0; i < scaled.count(); i++) {
      scaled.set(i, weight == null ? factor[i] : weight.get(i) * factor[i / row]);
    }
    AffineQuantizer quantizer =
        QuantizationGrid.INT8.quantizer(Range.perChannel(name, scaled, 0), 0);
    Tensor codes = quantizer.quantize(scaled).to(DType.I8);
    return new QuantizedWeight(codes, scales(quantizer, factor.length), null);
  }

  /** Takes a weight's codes as they are; a factor goes to the scale, its sign to the codes. */
  private static QuantizedWeight onGrid(
      String name, Tensor weight, AffineQuantizer quantizer, double[] factor) {
    boolean fits = quantizer.axis() == 0 || quantizer.axis() == AffineQuantizer.PER_TENSOR;
    for (int c = 0; c < quantizer.channels(); c++) {
      fits &= quantizer.zeroPoint(c) == 0;
    }
    if (!fits || quantizer.qmax() > CodeRange.HIGHEST || quantizer.qmin() < CodeRange.LOWEST) {
      throw new IllegalArgumentException(
          ("%s: an integer model needs symmetric weights of 8 bits, by tensor or output channel,"
                  + " got codes %d to %d along axis %d")
              .formatted(name, quantizer.qmin(), quantizer.qmax(), quantizer.axis()));
    }
    Tensor codes = quantizer.quantize(weight);
    Tensor scales = scales(quantizer, factor.length);
    int row = codes.count() / Math.max(1, factor.length);
    for (int i = 0; i < codes.count(); i++) {
      // A sign turns -128 into 128, which no code is: one step less is the nearest.
      double code = codes.get(i) * (factor[i / row] < 0 ? -1 : 1);
      codes.set(i, Math.min(CodeRange.HIGHEST, code));
    }
    for (int o = 0; o < factor.length; o++) {
      double scale = Math.abs(factor[o]) * scales.get(o);
      scales.set(o, Math.max(Float.MIN_NORMAL, scale));
    }
    return new QuantizedWeight(codes.to(DType.I8), scales, null);
  }

  private static Tensor scales(AffineQuantizer quantizer, int out) {
    Tensor scales = Tensor.zeros(out);
    for (int o = 0; o < out; o++) {
      scales.set(o, quantizer.scale(quantizer.channels() == 1 ? 0 : o));
    }
    return scales;
  }

  /** Adds the biases in units of the sums, and checks that no sum can leave 32 bits. */
  private QuantizedWeight withBias(String name, double[] values, Grid input) {
    Tensor fitting = scales.copy();
    Tensor rounded = codes.copy();
    Tensor biases = Tensor.zeros(DType.I32, scales.shape());
    int row = codes.count() / Math.max(1, values.length);
    for (int o = 0; o < values.length; o++) {
      if (!Double.isFinite(values[o])) {
        throw new IllegalArgumentException(
            "%s: the bias of channel %d is %s".formatted(name, o, values[o]));
      }
      double least = Math.abs(values[o]) / input.scale();
      boolean empty = isEmpty(o, row);
      double wanted = Math.max(scales.get(o), least / (empty ? PLENTY : MOST));
      if (wanted > scales.get(o)) {
        // Such a channel is ruled by its bias: its weights keep their values on a coarser grid.
        fitting.set(o, wanted);
        for (int i = o * row; i < (o + 1) * row; i++) {
          rounded.set(i, Math.rint(codes.get(i) * scales.get(o) / fitting.get(o)));
        }
      }
      biases.set(o, Math.rint(values[o] / ((double) input.scale() * fitting.get(o))));
    }
    AccumulatorBound.check(name, rounded, biases, CodeRange.all(input.zeroPoint()).reach());
    return new QuantizedWeight(rounded, fitting, biases);
  }

  private boolean isEmpty(int channel, int row) {
    for (int i = channel * row; i < (channel + 1) * row; i++) {
      if (codes.i8()[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
