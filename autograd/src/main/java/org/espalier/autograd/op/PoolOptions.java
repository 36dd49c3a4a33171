package org.espalier.autograd.op;

/**
 * Holds how fixed pooling windows lie; one-dimensional pooling reads the width's numbers only.
 *
 * <p>Start from {@link #kernel} and change what differs: {@code
 * PoolOptions.kernel(3).withStride(2).withPadding(1)}. The stride is the kernel unless said
 * otherwise.
 *
 * @param height windows of the rows
 * @param width windows of the columns
 */
public record PoolOptions(PoolWindow.Fixed height, PoolWindow.Fixed width) {
  /** Returns square windows side by side. */
  public static PoolOptions kernel(int size) {
    return kernel(size, size);
  }

  /** Returns windows side by side. */
  public static PoolOptions kernel(int height, int width) {
    return new PoolOptions(
        new PoolWindow.Fixed(height, height, 0, 1, false, true),
        new PoolWindow.Fixed(width, width, 0, 1, false, true));
  }

  private PoolOptions with(
      int[] stride, int[] padding, int[] dilation, boolean ceilMode, boolean countIncludePad) {
    return new PoolOptions(
        new PoolWindow.Fixed(
            height.kernel(), stride[0], padding[0], dilation[0], ceilMode, countIncludePad),
        new PoolWindow.Fixed(
            width.kernel(), stride[1], padding[1], dilation[1], ceilMode, countIncludePad));
  }

  private int[] stride() {
    return new int[] {height.stride(), width.stride()};
  }

  private int[] padding() {
    return new int[] {height.padding(), width.padding()};
  }

  private int[] dilation() {
    return new int[] {height.dilation(), width.dilation()};
  }

  /** Returns these options with one stride for both axes. */
  public PoolOptions withStride(int stride) {
    return withStride(stride, stride);
  }

  /** Returns these options with other strides. */
  public PoolOptions withStride(int rows, int columns) {
    int[] stride = {rows, columns};
    return with(stride, padding(), dilation(), height.ceilMode(), height.countIncludePad());
  }

  /** Returns these options with one padding for both axes. */
  public PoolOptions withPadding(int padding) {
    return withPadding(padding, padding);
  }

  /** Returns these options with other paddings. */
  public PoolOptions withPadding(int rows, int columns) {
    int[] padding = {rows, columns};
    return with(stride(), padding, dilation(), height.ceilMode(), height.countIncludePad());
  }

  /** Returns these options with one dilation for both axes; maxima only. */
  public PoolOptions withDilation(int dilation) {
    return withDilation(dilation, dilation);
  }

  /** Returns these options with other dilations; maxima only. */
  public PoolOptions withDilation(int rows, int columns) {
    int[] dilation = {rows, columns};
    return with(stride(), padding(), dilation, height.ceilMode(), height.countIncludePad());
  }

  /** Returns these options with windows that may hang over the end, or not. */
  public PoolOptions withCeilMode(boolean wanted) {
    return with(stride(), padding(), dilation(), wanted, height.countIncludePad());
  }

  /** Returns these options with averages that count padding as zeros, or not. */
  public PoolOptions withCountIncludePad(boolean wanted) {
    return with(stride(), padding(), dilation(), height.ceilMode(), wanted);
  }
}
