package org.espalier.nn.layer;

import java.util.List;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.PadMode;
import org.espalier.autograd.op.Padding;
import org.espalier.nn.Init;
import org.espalier.nn.Spec;
import org.espalier.tensor.FormatException;

/**
 * Holds what a convolution layer is made of besides its channels; a one-dimensional one reads the
 * width's numbers only.
 *
 * <p>Start from {@link #kernel} and change what differs: {@code
 * ConvConfig.kernel(3).withStride(2).withPadding(1).withoutBias()}.
 *
 * @param kernelHeight kernel rows
 * @param kernelWidth kernel columns
 * @param options stride, dilation, padding
 * @param groups number of independent convolutions side by side; the input's channels make it
 *     depthwise
 * @param padMode what stands in the padding
 * @param bias whether there is a bias
 * @param weightInit draws the weight; the bias is drawn as PyTorch does
 */
public record ConvConfig(
    int kernelHeight,
    int kernelWidth,
    ConvOptions options,
    int groups,
    PadMode padMode,
    boolean bias,
    Init weightInit) {
  private static final String STRIDE = "stride";
  private static final String DILATION = "dilation";
  private static final String PADDING = "padding";
  private static final String GROUPED = "grouped";
  private static final String PAD_MODE = "padMode";

  /** Creates the configuration; kernel and groups must be positive. */
  public ConvConfig {
    Checks.size("kernel height", kernelHeight);
    Checks.size("kernel width", kernelWidth);
    Checks.size("groups", groups);
  }

  /** Returns a square kernel (of this length in 1-D), stride 1, no padding, one group, a bias. */
  public static ConvConfig kernel(int size) {
    return kernel(size, size);
  }

  /** Returns a kernel, stride 1, no padding, one group, a bias. */
  public static ConvConfig kernel(int height, int width) {
    return new ConvConfig(
        height, width, ConvOptions.DEFAULT, 1, PadMode.ZERO, true, Init.pytorchWeight());
  }

  /** Returns this configuration with one stride for both axes. */
  public ConvConfig withStride(int stride) {
    return withOptions(options.withStride(stride));
  }

  /** Returns this configuration with one dilation for both axes. */
  public ConvConfig withDilation(int dilation) {
    return withOptions(options.withDilation(dilation));
  }

  /** Returns this configuration with the same padding on all sides. */
  public ConvConfig withPadding(int padding) {
    return withOptions(options.withPadding(padding));
  }

  /** Returns this configuration with one padding for both axes. */
  public ConvConfig withPadding(Padding padding) {
    return withOptions(options.withPadding(padding));
  }

  /** Returns this configuration with other options; the groups stay. */
  public ConvConfig withOptions(ConvOptions other) {
    return new ConvConfig(
        kernelHeight, kernelWidth, other.withGroups(groups > 1), groups, padMode, bias, weightInit);
  }

  /** Returns this configuration with another number of groups. */
  public ConvConfig withGroups(int wanted) {
    return new ConvConfig(
        kernelHeight,
        kernelWidth,
        options.withGroups(wanted > 1),
        wanted,
        padMode,
        bias,
        weightInit);
  }

  /** Returns this configuration with other contents of the padding. */
  public ConvConfig withPadMode(PadMode mode) {
    return new ConvConfig(kernelHeight, kernelWidth, options, groups, mode, bias, weightInit);
  }

  /** Returns this configuration without a bias. */
  public ConvConfig withoutBias() {
    return withBias(false);
  }

  /** Returns this configuration with or without a bias. */
  public ConvConfig withBias(boolean wanted) {
    return new ConvConfig(kernelHeight, kernelWidth, options, groups, padMode, wanted, weightInit);
  }

  /** Returns this configuration with another initialiser of the weight. */
  public ConvConfig withInit(Init init) {
    return new ConvConfig(kernelHeight, kernelWidth, options, groups, padMode, bias, init);
  }

  /** Returns the weight's last axis; the groups must divide both numbers of channels. */
  int channelsPerGroup(int in, int out) {
    Checks.size("in", in);
    Checks.size("out", out);
    if (in % groups != 0 || out % groups != 0) {
      throw new IllegalArgumentException(
          "convolution: groups %d must divide in %d and out %d".formatted(groups, in, out));
    }
    return in / groups;
  }

  /** Returns how many rows the padding puts in front of and behind {@code input} rows. */
  int[] rowSides(int input, int kernel) {
    return sides(
        options.paddingHeight(), input, kernel, options.strideHeight(), options.dilationHeight());
  }

  /** Returns how many columns the padding puts in front of and behind {@code input} columns. */
  int[] columnSides(int input, int kernel) {
    return sides(
        options.paddingWidth(), input, kernel, options.strideWidth(), options.dilationWidth());
  }

  private static int[] sides(Padding padding, int input, int kernel, int stride, int dilation) {
    int before = padding.before(input, kernel, stride, dilation);
    return new int[] {before, padding.total(input, kernel, stride, dilation) - before};
  }

  /** Returns these options as data; kernel, channels and bias are read off the tensors. */
  Spec describe(String type) {
    return Spec.of(type)
        .with(STRIDE, List.of(options.strideHeight(), options.strideWidth()))
        .with(DILATION, List.of(options.dilationHeight(), options.dilationWidth()))
        .with(
            PADDING, List.of(options.paddingHeight().toString(), options.paddingWidth().toString()))
        .with(GROUPED, options.grouped())
        .with(PAD_MODE, padMode.name());
  }

  /** Reads options back; the groups' number follows from the shapes at run time. */
  static ConvConfig of(Spec spec, boolean bias) {
    int[] stride = spec.integers(STRIDE);
    int[] dilation = spec.integers(DILATION);
    List<String> padding = spec.texts(PADDING);
    ConvOptions options =
        ConvOptions.DEFAULT
            .withStride(stride[0], stride[1])
            .withDilation(dilation[0], dilation[1])
            .withPadding(padding(padding.get(0)), padding(padding.get(1)))
            .withGroups(spec.flag(GROUPED));
    return new ConvConfig(
        1, 1, options, 1, PadMode.valueOf(spec.text(PAD_MODE)), bias, Init.pytorchWeight());
  }

  /** Reads what {@link Padding#toString} wrote: {@code 1}, {@code 0+1}, {@code same}. */
  private static Padding padding(String text) {
    try {
      return switch (text) {
        case "same" -> Padding.SAME;
        case "tf_same" -> Padding.TF_SAME;
        default -> {
          String[] sides = text.split("\\+", 2);
          int before = Integer.parseInt(sides[0]);
          yield Padding.of(before, sides.length == 1 ? before : Integer.parseInt(sides[1]));
        }
      };
    } catch (NumberFormatException e) {
      throw new FormatException(
          "model: padding '" + text + "' is neither a number, before+after, same nor tf_same");
    }
  }
}
