package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.Convolution;
import org.espalier.autograd.op.Ops;
import org.espalier.sparse.quant.AffineQuantizer;
import org.espalier.sparse.quant.QuantizationGrid;
import org.espalier.sparse.quant.Range;
import org.espalier.sparse.quant.Scheme;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.CodeRange;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.FixedPointMultiplier;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Requantization;
import org.espalier.tensor.kernel.RequantizationMode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks the cases of integer inference: fixed-point arithmetic, and layers on codes. */
class GoldenIntegerTest {
  private static final int SHIFT = 128;

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(
        "03-quantization", GoldenIntegerTest::isInteger, GoldenIntegerTest::check);
  }

  private static boolean isInteger(GoldenCase golden) {
    return golden.has("high_mul_pairs") || golden.has("y_scale");
  }

  private static void check(GoldenCase golden) {
    if (golden.has("high_mul_pairs")) {
      fixedPoint(golden);
    } else {
      layer(golden);
    }
  }

  private static void fixedPoint(GoldenCase golden) {
    golden.expect("high_mul", pairs(golden, "high_mul_pairs", FixedPointMultiplier::highMul));
    golden.expect(
        "rounding_shift",
        pairs(golden, "rounding_shift_pairs", FixedPointMultiplier::roundingShift));
    List<FixedPointMultiplier> multipliers =
        GoldenCase.list(golden.inputs().get("real_multipliers")).stream()
            .map(real -> FixedPointMultiplier.of(((Number) real).doubleValue()))
            .toList();
    golden.expect(
        "quantized_multiplier",
        longs(multipliers.stream().mapToInt(m -> m.multiplier()).toArray()));
    golden.expect("shift", longs(multipliers.stream().mapToInt(m -> m.shift()).toArray()));
    int rows = GoldenCase.list(golden.expected().get("requantized")).size();
    int[] sums = golden.integers("accumulators");
    List<Object> requantized = new ArrayList<>();
    for (FixedPointMultiplier multiplier : multipliers.subList(0, rows)) {
      requantized.add(longs(Arrays.stream(sums).map(multiplier::times).toArray()));
    }
    golden.expect("requantized", requantized);
  }

  /** Computes a number of each pair. */
  private interface Pairs {
    int of(int first, int second);
  }

  private static List<Object> pairs(GoldenCase golden, String key, Pairs function) {
    int[] results =
        GoldenCase.list(golden.inputs().get(key)).stream()
            .map(GoldenCase::list)
            .mapToInt(pair -> function.of(whole(pair.get(0)), whole(pair.get(1))))
            .toArray();
    return longs(results);
  }

  private static int whole(Object number) {
    return Math.toIntExact((Long) number);
  }

  private static List<Object> longs(int[] numbers) {
    return new ArrayList<>(Arrays.stream(numbers).asLongStream().boxed().toList());
  }

  private static void layer(GoldenCase golden) {
    Tensor weight = ChannelsLast.of(golden, "weight", DType.F32);
    int out = weight.shape().size(0);
    Tensor bias = golden.has("bias") ? golden.tensor("bias", DType.F32) : Tensor.zeros(out);
    AffineQuantizer inputs = activations(golden, "x");
    AffineQuantizer outputs = activations(golden, "y");
    AffineQuantizer weights = weights(golden, weight);
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    Tensor codes = inputs.quantize(x);
    golden.expect("q_x", ChannelsLast.undo(codes));
    Tensor weightCodes = weights.quantize(weight);
    golden.expect("q_weight", ChannelsLast.undo(weightCodes));
    golden.expect("weight_scale", vector(weights, 1));
    Tensor biasCodes = Tensor.zeros(DType.I32, Shape.of(out));
    double[] multipliers = new double[out];
    for (int o = 0; o < out; o++) {
      double step = (double) inputs.scale(0) * scale(weights, o);
      biasCodes.set(o, Math.rint(bias.get(o) / step));
      multipliers[o] = step / outputs.scale(0);
    }
    golden.expect("q_bias_int32", biasCodes);
    if (golden.expects("requant_multiplier")) {
      golden.expect(
          "requant_multiplier", vector(weights, (double) inputs.scale(0) / outputs.scale(0)));
    }
    Layer layer =
        new Layer(
            geometry(golden, x.shape(), weight.shape()),
            signed(codes),
            inputs.zeroPoint(0) - SHIFT,
            weightCodes.to(DType.I8),
            biasCodes);
    golden.expect("accumulator_int32", ChannelsLast.undo(layer.sums()));
    codes(golden, layer, outputs, multipliers);
    if (golden.expects("y_float_reference")) {
      reference(golden, x, weight, bias);
    }
  }

  private static void codes(
      GoldenCase golden, Layer layer, AffineQuantizer outputs, double[] multipliers) {
    boolean six = golden.flag("fused_relu6", false);
    int zeroPoint = outputs.zeroPoint(0);
    int low = six || golden.flag("fused_relu", false) ? zeroPoint : outputs.qmin();
    int most = six ? (int) (zeroPoint + Math.rint(6 / outputs.scale(0))) : outputs.qmax();
    CodeRange range =
        new CodeRange(zeroPoint - SHIFT, low - SHIFT, Math.min(most, outputs.qmax()) - SHIFT);
    Tensor scaled =
        layer.codes(new Requantization(RequantizationMode.FLOAT_SCALE, range, multipliers));
    Tensor fixed =
        layer.codes(new Requantization(RequantizationMode.FIXED_POINT, range, multipliers));
    for (String key : List.of("q_y", "q_y_float_requant", "torch_qnnpack_q_y")) {
      if (golden.expects(key)) {
        golden.expect(key, ChannelsLast.undo(scaled));
      }
    }
    if (golden.expects("q_y_fixed_point")) {
      golden.expect("q_y_fixed_point", ChannelsLast.undo(fixed));
    }
    if (golden.expects("y_dequantized")) {
      Tensor values = outputs.dequantize(scaled);
      golden.expect("y_dequantized", ChannelsLast.undo(values));
    }
    if (golden.expects("max_abs_error_vs_float")) {
      Tensor expected = GoldenCase.tensor(golden.expected().get("y_float_reference"), DType.F32);
      Tensor values = ChannelsLast.undo(outputs.dequantize(scaled));
      double largest = 0;
      for (int i = 0; i < values.count(); i++) {
        largest = Math.max(largest, Math.abs(values.get(i) - expected.get(i)));
      }
      golden.expect("max_abs_error_vs_float", largest);
    }
  }

  /** The float layer on the values as they are, without a clamp. */
  private static void reference(GoldenCase golden, Tensor x, Tensor weight, Tensor bias) {
    Var y =
        x.shape().rank() == 2
            ? Ops.linear(Var.constant(x), Var.constant(weight), Var.constant(bias))
            : Ops.conv2d(
                Var.constant(x), Var.constant(weight), Var.constant(bias), options(golden));
    golden.expect("y_float_reference", ChannelsLast.undo(y.value()));
  }

  private static ConvOptions options(GoldenCase golden) {
    return ConvOptions.DEFAULT
        .withStride((int) golden.number("stride", 1))
        .withDilation((int) golden.number("dilation", 1))
        .withPadding((int) golden.number("padding", 0))
        .withGroups(golden.number("groups", 1) > 1);
  }

  private static ConvGeometry geometry(GoldenCase golden, Shape x, Shape weight) {
    if (x.rank() == 2) {
      int in = x.size(1);
      int out = weight.size(0);
      return new ConvGeometry(x.size(0), 1, 1, in, 1, 1, out, 1, 1, 1, 1, 1, 1, 0, 0, 1);
    }
    Convolution convolution = new Convolution(2, options(golden));
    return convolution.geometry(x, weight, convolution.axes(x, weight, null).output());
  }

  private static AffineQuantizer activations(GoldenCase golden, String name) {
    return AffineQuantizer.perTensor(
        (float) golden.number(name + "_scale"),
        golden.integer(name + "_zero_point"),
        (int) golden.number(name + "_qmin", 0),
        (int) golden.number(name + "_qmax", 255));
  }

  private static AffineQuantizer weights(GoldenCase golden, Tensor weight) {
    QuantizationGrid grid =
        new QuantizationGrid(
            golden.integer("weight_qmin"), golden.integer("weight_qmax"), Scheme.SYMMETRIC);
    return golden.flag("per_channel_weights", true)
        ? grid.quantizer(Range.perChannel("weight", weight, 0), 0)
        : grid.quantizer(Range.of("weight", weight));
  }

  private static float scale(AffineQuantizer weights, int channel) {
    return weights.scale(weights.channels() == 1 ? 0 : channel);
  }

  /** Returns the scales of all channels times a factor. */
  private static Tensor vector(AffineQuantizer weights, double factor) {
    Tensor scales = Tensor.zeros(DType.F64, Shape.of(weights.channels()));
    for (int c = 0; c < scales.count(); c++) {
      scales.set(c, weights.scale(c) * factor);
    }
    return scales;
  }

  private static Tensor signed(Tensor codes) {
    Tensor signed = Tensor.zeros(DType.I8, codes.shape());
    for (int i = 0; i < codes.count(); i++) {
      signed.set(i, codes.get(i) - SHIFT);
    }
    return signed;
  }

  /** Is a layer on codes that are held 128 lower. */
  private record Layer(ConvGeometry geometry, Tensor x, int zeroPoint, Tensor weight, Tensor bias) {
    private Shape shape() {
      return x.shape().rank() == 2
          ? Shape.of(geometry.batch(), geometry.outChannels())
          : Shape.of(
              geometry.batch(), geometry.outHeight(), geometry.outWidth(), geometry.outChannels());
    }

    Tensor sums() {
      Tensor sums = Tensor.zeros(DType.I32, shape());
      KernelLookup.integers().sums(geometry, x, zeroPoint, weight, bias, sums);
      return sums;
    }

    Tensor codes(Requantization rounding) {
      Tensor codes = Tensor.zeros(DType.I8, shape());
      KernelLookup.integers().conv(geometry, x, zeroPoint, weight, bias, rounding, codes);
      Tensor unsigned = Tensor.zeros(DType.I32, shape());
      for (int i = 0; i < codes.count(); i++) {
        unsigned.set(i, codes.get(i) + SHIFT);
      }
      return unsigned;
    }
  }
}
