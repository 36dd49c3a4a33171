package org.espalier.tests.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.Ops;
import org.espalier.sparse.quant.AffineQuantizer;
import org.espalier.sparse.quant.BatchNormFolding;
import org.espalier.sparse.quant.EntropyThreshold;
import org.espalier.sparse.quant.Magnitudes;
import org.espalier.sparse.quant.QuantizationGrid;
import org.espalier.sparse.quant.Range;
import org.espalier.sparse.quant.Scheme;
import org.espalier.sparse.quant.SquaredErrorThreshold;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks the cases of quantised training and calibration; those of integer inference are others'. */
class GoldenQuantizationTest {
  static final String STEM = "03-quantization";

  private static final Pattern GRID =
      Pattern.compile("(affine|symmetric)_(m?)(\\d+)_(m?)(\\d+)_(scale|zero_point)");

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(STEM, golden -> !isInteger(golden), GoldenQuantizationTest::check);
  }

  /** Tells whether a case is about integer inference: fixed point, or layers on codes. */
  static boolean isInteger(GoldenCase golden) {
    return golden.has("high_mul_pairs") || golden.has("y_scale");
  }

  private static void check(GoldenCase golden) {
    if (golden.has("configs")) {
      grids(golden);
    } else if (golden.has("scale")) {
      fakeQuantize(golden);
    } else if (golden.has("percentiles")) {
      calibrate(golden);
    } else if (golden.has("histogram")) {
      entropy(golden);
    } else if (golden.has("var")) {
      fold(golden);
    } else if (golden.name().startsWith("qparams")) {
      channelGrids(golden);
    } else {
      GoldenLowBit.check(golden);
    }
  }

  private static void grids(GoldenCase golden) {
    Range range = Range.of("x", golden.tensor("x", DType.F32));
    List<Object> rows = new ArrayList<>();
    for (Object entry : GoldenCase.list(golden.inputs().get("configs"))) {
      Map<String, Object> row = new LinkedHashMap<>(GoldenCase.map(entry));
      Scheme scheme = Scheme.valueOf(row.get("scheme").toString().toUpperCase(Locale.ROOT));
      int qmin = ((Number) row.get("qmin")).intValue();
      int qmax = ((Number) row.get("qmax")).intValue();
      AffineQuantizer quantizer = new QuantizationGrid(qmin, qmax, scheme).quantizer(range);
      row.put("scale", quantizer.scale(0));
      row.put("zero_point", quantizer.zeroPoint(0));
      rows.add(row);
    }
    golden.expect("rows", rows);
  }

  /** The grids are written in the names of what is expected: {@code symmetric_m127_127_scale}. */
  private static void channelGrids(GoldenCase golden) {
    int axis = golden.integer("axis");
    Range[] ranges = Range.perChannel("x", golden.tensor("x", DType.F32), axis);
    for (String key : golden.expected().keySet()) {
      Matcher named = GRID.matcher(key);
      if (key.equals("symmetric_zero_point")) {
        golden.expect(key, zeroPoints(QuantizationGrid.INT8.quantizer(ranges, axis)));
      } else if (named.matches()) {
        AffineQuantizer quantizer =
            new QuantizationGrid(
                    end(named, 2),
                    end(named, 4),
                    Scheme.valueOf(named.group(1).toUpperCase(Locale.ROOT)))
                .quantizer(ranges, axis);
        golden.expect(
            key, named.group(6).equals("scale") ? scales(quantizer) : zeroPoints(quantizer));
      }
    }
  }

  private static int end(Matcher named, int group) {
    int magnitude = Integer.parseInt(named.group(group + 1));
    return named.group(group).isEmpty() ? magnitude : -magnitude;
  }

  private static Tensor scales(AffineQuantizer quantizer) {
    Tensor scales = Tensor.zeros(DType.F64, Shape.of(quantizer.channels()));
    IntStream.range(0, scales.count()).forEach(c -> scales.set(c, quantizer.scale(c)));
    return scales;
  }

  private static Tensor zeroPoints(AffineQuantizer quantizer) {
    return Tensor.indices(
        IntStream.range(0, quantizer.channels()).map(quantizer::zeroPoint).toArray());
  }

  /** The axes are those of the stored array, which nothing permutes here. */
  private static void fakeQuantize(GoldenCase golden) {
    Tensor x = golden.tensor("x", DType.F32);
    int qmin = golden.integer("qmin");
    int qmax = golden.integer("qmax");
    AffineQuantizer quantizer =
        golden.has("axis")
            ? new AffineQuantizer(
                golden.tensor("scale", DType.F32).f32(),
                golden.tensor("zero_point", DType.I32).i32(),
                golden.integer("axis"),
                qmin,
                qmax)
            : AffineQuantizer.perTensor(
                (float) golden.number("scale"), golden.integer("zero_point"), qmin, qmax);
    Tensor codes = quantizer.quantize(x);
    if (golden.expects("q")) {
      Tensor wanted = GoldenCase.tensor(golden.expected().get("q"), DType.I32);
      assertEquals(true, wanted.bitEquals(codes), golden + ": codes");
      golden.expect("q", codes);
    }
    golden.expect("y", quantizer.fakeQuantize(x));
    assertEquals(
        true,
        quantizer.dequantize(codes).bitEquals(quantizer.fakeQuantize(x)),
        golden + ": codes and values");
    golden.expect("grad_x", quantizer.gradient(x, golden.tensor("grad_y", DType.F32)));
  }

  private static void calibrate(GoldenCase golden) {
    Magnitudes values = new Magnitudes("x", golden.flag("ignore_zeros", false));
    values.add(golden.tensor("x", DType.F32));
    golden.expect("minmax_threshold", values.max());
    List<Object> percentiles = new ArrayList<>();
    for (Object percentile : GoldenCase.list(golden.inputs().get("percentiles"))) {
      percentiles.add(values.percentile(((Number) percentile).doubleValue()));
    }
    golden.expect("percentile_thresholds", percentiles);
    SquaredErrorThreshold squared =
        SquaredErrorThreshold.ofLevels(values, golden.integer("qmax"), golden.integer("mse_steps"));
    golden.expect("mse_threshold", squared.value());
    golden.expect("mse_step_index", squared.step());
    golden.expect("mse_at_threshold", squared.error());
    golden.expect("mse_at_minmax", squared.errorAtMax());
    long[] histogram = values.histogram(golden.integer("bins"));
    Tensor counts = Tensor.zeros(DType.I32, Shape.of(histogram.length));
    IntStream.range(0, histogram.length).forEach(b -> counts.set(b, histogram[b]));
    golden.expect("histogram", counts);
    entropy(golden, histogram, values.max());
  }

  private static void entropy(GoldenCase golden) {
    double[] counts = golden.tensor("histogram", DType.F64).toDoubles();
    long[] histogram = new long[counts.length];
    IntStream.range(0, counts.length).forEach(b -> histogram[b] = (long) counts[b]);
    entropy(golden, histogram, golden.number("max_abs"));
  }

  private static void entropy(GoldenCase golden, long[] histogram, double max) {
    int levels = golden.integer("levels");
    EntropyThreshold threshold = EntropyThreshold.of(histogram, max, levels);
    golden.expect("kl_bin", threshold.bin());
    golden.expect("kl_threshold", threshold.value());
    golden.expect("kl_divergence", threshold.divergence());
    if (golden.expects("kl_second_best")) {
      double[] divergences = EntropyThreshold.divergences(histogram, levels);
      double second = Double.POSITIVE_INFINITY;
      for (int k = 0; k < divergences.length; k++) {
        second = k + levels == threshold.bin() ? second : Math.min(second, divergences[k]);
      }
      golden.expect("kl_second_best", second);
    }
  }

  private static void fold(GoldenCase golden) {
    Tensor weight = ChannelsLast.of(golden, "weight", DType.F32);
    BatchNormFolding.Folded folded =
        BatchNormFolding.fold(
            weight,
            golden.has("bias") ? golden.tensor("bias", DType.F32) : null,
            golden.tensor("gamma", DType.F32),
            golden.tensor("beta", DType.F32),
            golden.tensor("mean", DType.F32),
            golden.tensor("var", DType.F32),
            golden.number("eps"),
            0);
    golden.expect("folded_weight", ChannelsLast.undo(folded.weight()));
    golden.expect("folded_bias", folded.bias());
    int padding = (int) golden.number("padding", 0);
    Var y =
        Ops.conv2d(
            Var.constant(ChannelsLast.of(golden, "x", DType.F32)),
            Var.constant(folded.weight()),
            Var.constant(folded.bias()),
            ConvOptions.DEFAULT
                .withPadding(padding)
                .withStride((int) golden.number("stride", 1))
                .withGroups(true));
    golden.expect("y", ChannelsLast.undo(y.value()));
  }
}
