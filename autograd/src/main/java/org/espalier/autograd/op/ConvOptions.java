package org.espalier.autograd.op;

/**
 * Holds how the windows of a convolution lie; a one-dimensional convolution reads the width's
 * numbers only.
 *
 * <p>Start from {@link #DEFAULT} and change what differs: {@code
 * ConvOptions.DEFAULT.withStride(2).withPadding(1)}.
 *
 * @param strideHeight rows between two outputs
 * @param strideWidth columns between two outputs
 * @param dilationHeight rows between two kernel taps
 * @param dilationWidth columns between two kernel taps
 * @param paddingHeight zeros above and below
 * @param paddingWidth zeros left and right
 * @param grouped whether the channels of x may be a multiple of the weight's last axis: their
 *     quotient is then the number of groups; otherwise a quotient other than 1 is an error
 */
public record ConvOptions(
    int strideHeight,
    int strideWidth,
    int dilationHeight,
    int dilationWidth,
    Padding paddingHeight,
    Padding paddingWidth,
    boolean grouped) {
  /** Stride 1, dilation 1, no padding, one group. */
  public static final ConvOptions DEFAULT =
      new ConvOptions(1, 1, 1, 1, Padding.VALID, Padding.VALID, false);

  /** Creates the options; strides and dilations must be positive. */
  public ConvOptions {
    positive("stride", strideHeight, strideWidth);
    positive("dilation", dilationHeight, dilationWidth);
    unitStride(paddingHeight, strideHeight);
    unitStride(paddingWidth, strideWidth);
  }

  private static void positive(String what, int height, int width) {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "convolution: " + what + " must be positive, got " + height + "x" + width);
    }
  }

  private static void unitStride(Padding padding, int stride) {
    if (padding.mode() == Padding.Mode.SAME && stride != 1) {
      throw new IllegalArgumentException(
          "convolution: padding same needs stride 1, got " + stride + "; use TF_SAME or numbers");
    }
  }

  /** Returns these options with one stride for both axes. */
  public ConvOptions withStride(int stride) {
    return withStride(stride, stride);
  }

  /** Returns these options with other strides. */
  public ConvOptions withStride(int height, int width) {
    return new ConvOptions(
        height, width, dilationHeight, dilationWidth, paddingHeight, paddingWidth, grouped);
  }

  /** Returns these options with one dilation for both axes. */
  public ConvOptions withDilation(int dilation) {
    return withDilation(dilation, dilation);
  }

  /** Returns these options with other dilations. */
  public ConvOptions withDilation(int height, int width) {
    return new ConvOptions(
        strideHeight, strideWidth, height, width, paddingHeight, paddingWidth, grouped);
  }

  /** Returns these options with the same number of zeros on all four sides. */
  public ConvOptions withPadding(int zeros) {
    return withPadding(Padding.of(zeros), Padding.of(zeros));
  }

  /** Returns these options with one padding for both axes. */
  public ConvOptions withPadding(Padding padding) {
    return withPadding(padding, padding);
  }

  /** Returns these options with other paddings. */
  public ConvOptions withPadding(Padding height, Padding width) {
    return new ConvOptions(
        strideHeight, strideWidth, dilationHeight, dilationWidth, height, width, grouped);
  }

  /** Returns these options for a grouped (also depthwise) convolution, or not. */
  public ConvOptions withGroups(boolean wanted) {
    return new ConvOptions(
        strideHeight,
        strideWidth,
        dilationHeight,
        dilationWidth,
        paddingHeight,
        paddingWidth,
        wanted);
  }
}
