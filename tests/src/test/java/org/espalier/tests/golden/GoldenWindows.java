package org.espalier.tests.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.IntStream;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.Padding;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.tensor.Shape;

/** Reads the windows of convolution and pooling cases. */
final class GoldenWindows {
  private GoldenWindows() {}

  /** Returns one number an axis; a single one counts for both. */
  private static int[] two(GoldenCase golden, String key, int... otherwise) {
    int[] numbers = golden.has(key) ? golden.integers(key) : otherwise;
    return numbers.length == 1 ? new int[] {numbers[0], numbers[0]} : numbers;
  }

  static Var convolution(GoldenCase golden, LayerRun run) {
    Var x = run.last("x");
    Var weight = run.last("w");
    Var bias = run.plain("b");
    int[] stride = two(golden, "stride", 1);
    int[] dilation = two(golden, "dilation", 1);
    Padding[] padding = padding(golden);
    ConvOptions options =
        ConvOptions.DEFAULT
            .withStride(stride[0], stride[1])
            .withDilation(dilation[0], dilation[1])
            .withPadding(padding[0], padding[1])
            .withGroups(golden.has("groups") && golden.integer("groups") > 1);
    checkPads(golden, x.shape(), weight.shape(), options);
    return weight.shape().rank() == 3
        ? Ops.conv1d(x, weight, bias, options)
        : Ops.conv2d(x, weight, bias, options);
  }

  private static Padding[] padding(GoldenCase golden) {
    if (golden.isText("padding")) {
      Padding mode =
          switch (golden.text("padding")) {
            case "same" -> Padding.SAME;
            case "tf_same" -> Padding.TF_SAME;
            case "valid" -> Padding.VALID;
            default -> throw new AssertionError(golden + ": padding " + golden.text("padding"));
          };
      return new Padding[] {mode, mode};
    }
    return IntStream.of(two(golden, "padding", 0)).mapToObj(Padding::of).toArray(Padding[]::new);
  }

  /** Where a case tells the zeros of each side, ours must be the same. */
  private static void checkPads(GoldenCase golden, Shape x, Shape weight, ConvOptions options) {
    if (!golden.has("pads_before_after")) {
      return;
    }
    List<Object> sides = GoldenCase.list(golden.inputs().get("pads_before_after"));
    for (int axis = 0; axis < sides.size(); axis++) {
      boolean wide = axis == sides.size() - 1;
      Padding padding = wide ? options.paddingWidth() : options.paddingHeight();
      int stride = wide ? options.strideWidth() : options.strideHeight();
      int dilation = wide ? options.dilationWidth() : options.dilationHeight();
      int input = x.size(axis + 1);
      int kernel = weight.size(axis + 1);
      long before = padding.before(input, kernel, stride, dilation);
      long total = padding.total(input, kernel, stride, dilation);
      assertEquals(sides.get(axis), List.of(before, total - before), golden + " pads");
    }
  }

  static Var pool(String op, GoldenCase golden, Var x) {
    int[] kernel = two(golden, "kernel");
    int[] stride = two(golden, "stride", kernel);
    int[] padding = two(golden, "padding", 0);
    int[] dilation = two(golden, "dilation", 1);
    PoolOptions options =
        PoolOptions.kernel(kernel[0], kernel[1])
            .withStride(stride[0], stride[1])
            .withPadding(padding[0], padding[1])
            .withDilation(dilation[0], dilation[1])
            .withCeilMode(golden.flag("ceil_mode", false))
            .withCountIncludePad(golden.flag("count_include_pad", true));
    return switch (op) {
      case "max_pool1d" -> Ops.maxPool1d(x, options);
      case "max_pool2d" -> Ops.maxPool2d(x, options);
      case "avg_pool1d" -> Ops.averagePool1d(x, options);
      case "avg_pool2d" -> Ops.averagePool2d(x, options);
      default -> throw new AssertionError(golden + ": no pooling '" + op + "'");
    };
  }

  static Var adaptive(String op, int[] output, Var x) {
    return switch (op) {
      case "adaptive_max_pool1d" -> Ops.adaptiveMaxPool1d(x, output[0]);
      case "adaptive_max_pool2d" -> Ops.adaptiveMaxPool2d(x, output[0], output[1]);
      case "adaptive_avg_pool1d" -> Ops.adaptiveAveragePool1d(x, output[0]);
      case "adaptive_avg_pool2d" -> Ops.adaptiveAveragePool2d(x, output[0], output[1]);
      default -> throw new AssertionError("no pooling '" + op + "'");
    };
  }
}
