package org.espalier.autograd.op;

import java.util.Map;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Unary;

/**
 * Offers every operation as a plain call: it runs at once and is recorded where its inputs' pass
 * records. Activations {@code x [n, h, w, c]}, {@code [n, l, c]} or {@code [n, f]}; normalisations
 * are in {@link Normalizations}, losses in {@link Losses}.
 */
public final class Ops {
  private static final AxisSpec FLATTEN_2D = AxisSpec.of("x: n h w c -> n (h w c)");
  private static final AxisSpec FLATTEN_1D = AxisSpec.of("x: n l c -> n (l c)");
  private static final AxisSpec SHUFFLE = AxisSpec.of("x: ... (g c) -> ... (c g)");

  private Ops() {}

  /**
   * Returns {@code x·Wᵀ + b}: x {@code [..., in]}, weight {@code [out, in]}, bias {@code [out]}.
   */
  public static Var linear(Var x, Var weight, Var bias) {
    return Tape.run(new Linear(), x, weight, bias);
  }

  /** Returns the convolution of x {@code [n,h,w,c]}, weight {@code [out,kh,kw,in/groups]}. */
  public static Var conv2d(Var x, Var weight, Var bias, ConvOptions options) {
    return Tape.run(new Convolution(2, options), x, weight, bias);
  }

  /** Returns the convolution of x {@code [n,l,c]}, weight {@code [out,k,in/groups]}. */
  public static Var conv1d(Var x, Var weight, Var bias, ConvOptions options) {
    return Tape.run(new Convolution(1, options), x, weight, bias);
  }

  /**
   * Returns the convolution over one or two axes with its outputs clamped, by one call; see {@link
   * Convolution}.
   */
  public static Var convClamp(
      int dimensions, Var x, Var weight, Var bias, ConvOptions options, Clamp clamp) {
    return Tape.run(new Convolution(dimensions, options, clamp), x, weight, bias);
  }

  /** Returns the batched product of a {@code [..., m, k]} and b {@code [..., k, n]}. */
  public static Var matmul(Var a, Var b) {
    return Tape.run(new MatMul(), a, b);
  }

  /** Returns {@code x·scale + shift}, one scale and shift a channel; either may be null. */
  public static Var scale(Var x, Var scale, Var shift) {
    return Tape.run(new Scale(), x, scale, shift);
  }

  /** Returns {@code max(x·scale + shift, 0)} by one call; scale and shift as in {@link #scale}. */
  public static Var scaleRelu(Var x, Var scale, Var shift) {
    return Tape.run(new Scale(true), x, scale, shift);
  }

  /** Returns {@code x·gate}: x {@code [n, ..., c]}, gate {@code [n, c]}. */
  public static Var gate(Var x, Var gate) {
    return Tape.run(new Gate(), x, gate);
  }

  /** Returns {@code x + y}, of equal shapes. */
  public static Var add(Var x, Var y) {
    return Tape.run(new Elementwise(Binary.ADD), x, y);
  }

  /** Returns {@code max(x + y, 0)}, of equal shapes, by one call. */
  public static Var addRelu(Var x, Var y) {
    return Tape.run(new Elementwise(Binary.ADD_RELU), x, y);
  }

  /** Returns {@code x - y}, of equal shapes. */
  public static Var sub(Var x, Var y) {
    return Tape.run(new Elementwise(Binary.SUB), x, y);
  }

  /** Returns {@code x·y} elementwise, of equal shapes. */
  public static Var mul(Var x, Var y) {
    return Tape.run(new Elementwise(Binary.MUL), x, y);
  }

  /** Returns {@code x / y} elementwise, of equal shapes. */
  public static Var div(Var x, Var y) {
    return Tape.run(new Elementwise(Binary.DIV), x, y);
  }

  /** Returns the larger of x and y elementwise, of equal shapes. */
  public static Var max(Var x, Var y) {
    return Tape.run(new Elementwise(Binary.MAX), x, y);
  }

  /** Returns the smaller of x and y elementwise, of equal shapes. */
  public static Var min(Var x, Var y) {
    return Tape.run(new Elementwise(Binary.MIN), x, y);
  }

  /** Returns {@code f(x; a, b)} elementwise; see {@link Unary} for the functions. */
  public static Var pointwise(Unary unary, double a, double b, Var x) {
    return Tape.run(new Pointwise(unary, a, b), x);
  }

  /** Returns {@code a·x + b}. */
  public static Var affine(Var x, double a, double b) {
    return pointwise(Unary.AFFINE, a, b, x);
  }

  /** Returns {@code max(x, 0)}. */
  public static Var relu(Var x) {
    return pointwise(Unary.RELU, 0, 0, x);
  }

  /** Returns {@code x > 0: x, else slope·x}. */
  public static Var leakyRelu(Var x, double slope) {
    return pointwise(Unary.LEAKY_RELU, slope, 0, x);
  }

  /** Returns {@code x > 0: x, else weight·x}, weight {@code [c]} or {@code [1]}. */
  public static Var prelu(Var x, Var weight) {
    return Tape.run(new PRelu(), x, weight);
  }

  /** Returns {@code x > 0: x, else alpha·(e^x - 1)}. */
  public static Var elu(Var x, double alpha) {
    return pointwise(Unary.ELU, alpha, 0, x);
  }

  /** Returns the scaled ELU. */
  public static Var selu(Var x) {
    return pointwise(Unary.SELU, 0, 0, x);
  }

  /** Returns {@code x·Φ(x)}. */
  public static Var gelu(Var x) {
    return pointwise(Unary.GELU, 0, 0, x);
  }

  /** Returns the tanh form of GELU. */
  public static Var geluTanh(Var x) {
    return pointwise(Unary.GELU_TANH, 0, 0, x);
  }

  /** Returns {@code ln(1 + e^(beta·x)) / beta}, x itself where {@code beta·x > threshold}. */
  public static Var softplus(Var x, double beta, double threshold) {
    Checks.positive("softplus", "beta", beta);
    return pointwise(Unary.SOFTPLUS, beta, threshold, x);
  }

  /** Returns {@code min(max(x + 3, 0), 6) / 6}. */
  public static Var hardSigmoid(Var x) {
    return pointwise(Unary.HARD_SIGMOID, 0, 0, x);
  }

  /** Returns {@code x·hardSigmoid(x)}. */
  public static Var hardSwish(Var x) {
    return pointwise(Unary.HARD_SWISH, 0, 0, x);
  }

  /** Returns {@code min(max(x, 0), 6)}. */
  public static Var relu6(Var x) {
    return hardTanh(x, 0, 6);
  }

  /** Returns {@code min(max(x, low), high)}, derivative 0 at the bounds. */
  public static Var hardTanh(Var x, double low, double high) {
    Checks.bounds("hard_tanh", low, high);
    return pointwise(Unary.HARD_TANH, low, high, x);
  }

  /** Returns {@code min(max(x, low), high)}, derivative 1 at the bounds. */
  public static Var clamp(Var x, double low, double high) {
    Checks.bounds("clamp", low, high);
    return pointwise(Unary.CLAMP, low, high, x);
  }

  /** Returns {@code 1 / (1 + e^-x)}. */
  public static Var sigmoid(Var x) {
    return pointwise(Unary.SIGMOID, 0, 0, x);
  }

  /** Returns {@code tanh x}. */
  public static Var tanh(Var x) {
    return pointwise(Unary.TANH, 0, 0, x);
  }

  /** Returns {@code x·sigmoid(x)}. */
  public static Var silu(Var x) {
    return pointwise(Unary.SILU, 0, 0, x);
  }

  /** Returns {@code x / (1 + |x|)}. */
  public static Var softsign(Var x) {
    return pointwise(Unary.SOFTSIGN, 0, 0, x);
  }

  /** Returns {@code ln sigmoid(x)}. */
  public static Var logSigmoid(Var x) {
    return pointwise(Unary.LOG_SIGMOID, 0, 0, x);
  }

  /** Returns shares along an axis, {@code e^x / Σ e^x}; a negative axis counts from the end. */
  public static Var softmax(Var x, int axis) {
    return Tape.run(new Softmax(axis, false), x);
  }

  /** Returns the logarithms of {@link #softmax}. */
  public static Var logSoftmax(Var x, int axis) {
    return Tape.run(new Softmax(axis, true), x);
  }

  /** Returns the largest value of each window of x {@code [n,h,w,c]}. */
  public static Var maxPool2d(Var x, PoolOptions options) {
    return Tape.run(new MaxPool(2, options.height(), options.width()), x);
  }

  /** Returns the largest value of each window of x {@code [n,l,c]}. */
  public static Var maxPool1d(Var x, PoolOptions options) {
    return Tape.run(new MaxPool(1, options.width(), options.width()), x);
  }

  /** Returns the average of each window of x {@code [n,h,w,c]}. */
  public static Var averagePool2d(Var x, PoolOptions options) {
    return Tape.run(new AveragePool(2, options.height(), options.width()), x);
  }

  /** Returns the average of each window of x {@code [n,l,c]}. */
  public static Var averagePool1d(Var x, PoolOptions options) {
    return Tape.run(new AveragePool(1, options.width(), options.width()), x);
  }

  /** Returns the largest values of height·width overlapping windows of x {@code [n,h,w,c]}. */
  public static Var adaptiveMaxPool2d(Var x, int height, int width) {
    return Tape.run(
        new MaxPool(2, new PoolWindow.Adaptive(height), new PoolWindow.Adaptive(width)), x);
  }

  /** Returns the largest values of overlapping windows of x {@code [n,l,c]}. */
  public static Var adaptiveMaxPool1d(Var x, int length) {
    PoolWindow window = new PoolWindow.Adaptive(length);
    return Tape.run(new MaxPool(1, window, window), x);
  }

  /** Returns the averages of height·width overlapping windows of x {@code [n,h,w,c]}. */
  public static Var adaptiveAveragePool2d(Var x, int height, int width) {
    return Tape.run(
        new AveragePool(2, new PoolWindow.Adaptive(height), new PoolWindow.Adaptive(width)), x);
  }

  /** Returns the averages of overlapping windows of x {@code [n,l,c]}. */
  public static Var adaptiveAveragePool1d(Var x, int length) {
    PoolWindow window = new PoolWindow.Adaptive(length);
    return Tape.run(new AveragePool(1, window, window), x);
  }

  /** Returns the mean over all positions: x {@code [n, ..., c]} gives {@code [n, c]}. */
  public static Var globalAveragePool(Var x) {
    return Tape.run(new GlobalAveragePool(), x);
  }

  /**
   * Reshapes, permutes, flattens or shuffles x, {@code "n h w (g c) -> n h w (c g)"} with {@code
   * Map.of("g", 2)}: sizes that do not follow from x are given.
   */
  public static Var rearrange(Var x, String spec, Map<String, Integer> sizes) {
    return Tape.run(new Rearrange(AxisSpec.of("x: " + spec), sizes), x);
  }

  /** Flattens all axes but the first; the channels run fastest, as in Keras. */
  public static Var flatten(Var x) {
    return switch (x.shape().rank()) {
      case 2 -> x;
      case 3 -> Tape.run(new Rearrange(FLATTEN_1D, Map.of()), x);
      default -> Tape.run(new Rearrange(FLATTEN_2D, Map.of()), x);
    };
  }

  /** Exchanges groups and channels within groups: channel {@code (g, c)} becomes {@code (c, g)}. */
  public static Var channelShuffle(Var x, int groups) {
    return Tape.run(new Rearrange(SHUFFLE, Map.of("g", groups)), x);
  }

  /** Puts tensors one behind the other along an axis. */
  public static Var concat(int axis, Var... xs) {
    return Tape.run(new Concat(axis), xs);
  }

  /** Returns elements {@code from} (inclusive) to {@code to} (exclusive) along an axis. */
  public static Var slice(Var x, int axis, int from, int to) {
    return Tape.run(new Slice(axis, from, to), x);
  }

  /** Cuts x along an axis into parts of the given sizes, which must add up to the axis' size. */
  public static Var[] split(Var x, int axis, int... sizes) {
    Checks.split(axis, sizes, x.shape());
    Var[] parts = new Var[sizes.length];
    int from = 0;
    for (int i = 0; i < sizes.length; i++) {
      parts[i] = slice(x, axis, from, from + sizes[i]);
      from += sizes[i];
    }
    return parts;
  }

  /** Selects elements of an axis by I32 numbers, -1 giving zeros. */
  public static Var gather(Var x, Var index, int axis) {
    return Tape.run(new Gather(behind("gather", x, axis)), x, index);
  }

  /** Puts elements of an axis where I32 numbers say, among {@code size} of them; -1 drops. */
  public static Var scatter(Var x, Var index, int axis, int size) {
    return Tape.run(new Scatter(behind("scatter", x, axis), size), x, index);
  }

  private static int behind(String op, Var x, int axis) {
    Checks.axis(op, axis, x.shape());
    return x.shape().rank() - 1 - x.shape().axis(axis);
  }

  /** Repeats x over new letters, {@code "n c -> n h w c"} with {@code Map.of("h", 4, "w", 4)}. */
  public static Var repeat(Var x, String spec, Map<String, Integer> sizes) {
    return Runs.repeat(x, AxisSpec.of("x: " + spec), sizes);
  }

  /** Reduces the letters that the output lacks, {@code "n h w c -> n c"}. */
  public static Var reduce(Reduction reduction, Var x, String spec) {
    return Runs.reduce(reduction, x, AxisSpec.of("x: " + spec));
  }

  /** Pads x {@code [n,h,w,c]}. */
  public static Var pad2d(Var x, PadMode mode, int top, int bottom, int left, int right) {
    return Tape.run(new Pad(2, mode, top, bottom, left, right), x);
  }

  /** Pads x {@code [n,l,c]}. */
  public static Var pad1d(Var x, PadMode mode, int left, int right) {
    return Tape.run(new Pad(1, mode, 0, 0, left, right), x);
  }

  /** Sets a share p of the elements to 0 and divides the others by {@code 1 - p}. */
  public static Var dropout(Var x, double p, long key) {
    return Tape.run(new Dropout(p, key, false), x);
  }

  /** Sets a share p of each sample's channels to 0 and divides the others by {@code 1 - p}. */
  public static Var channelDropout(Var x, double p, long key) {
    return Tape.run(new Dropout(p, key, true), x);
  }

  /** Returns {@code x·mask/(1 - p)} for a given mask of x's shape, or {@code [n, c]}. */
  public static Var dropout(Var x, double p, Var mask) {
    Checks.probability("dropout", p);
    Var factors = affine(mask, p == 1 ? 0 : 1 / (1 - p), 0);
    return mask.shape().equals(x.shape()) ? mul(x, factors) : gate(x, factors);
  }

  /** Resizes x {@code [n,h,w,c]}. */
  public static Var interpolate2d(Var x, Interpolate.Mode mode, int height, int width) {
    return Tape.run(new Interpolate(2, mode, height, width), x);
  }

  /** Resizes x {@code [n,l,c]}. */
  public static Var interpolate1d(Var x, Interpolate.Mode mode, int length) {
    return Tape.run(new Interpolate(1, mode, 1, length), x);
  }
}
