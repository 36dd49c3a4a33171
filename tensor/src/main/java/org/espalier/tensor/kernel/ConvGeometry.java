package org.espalier.tensor.kernel;

/**
 * Gives the sizes of one two-dimensional convolution over channels-last data; one-dimensional ones
 * have height 1.
 *
 * <p>Input {@code [batch, inHeight, inWidth, inChannels]}, weight {@code [outChannels,
 * kernelHeight, kernelWidth, inChannels/groups]}, output {@code [batch, outHeight, outWidth,
 * outChannels]}. Output (oy, ox) reads input rows {@code oy·strideHeight - padTop +
 * i·dilationHeight}; rows and columns outside the input read 0, so the padding at the far ends
 * follows from the output size.
 *
 * @param batch number of images
 * @param inHeight input rows
 * @param inWidth input columns
 * @param inChannels input channels of all groups
 * @param outHeight output rows
 * @param outWidth output columns
 * @param outChannels output channels of all groups
 * @param kernelHeight kernel rows
 * @param kernelWidth kernel columns
 * @param strideHeight rows between two outputs
 * @param strideWidth columns between two outputs
 * @param dilationHeight rows between two kernel taps
 * @param dilationWidth columns between two kernel taps
 * @param padTop zero rows above the input
 * @param padLeft zero columns left of the input
 * @param groups number of independent convolutions side by side; depthwise where it equals {@code
 *     inChannels}
 */
public record ConvGeometry(
    int batch,
    int inHeight,
    int inWidth,
    int inChannels,
    int outHeight,
    int outWidth,
    int outChannels,
    int kernelHeight,
    int kernelWidth,
    int strideHeight,
    int strideWidth,
    int dilationHeight,
    int dilationWidth,
    int padTop,
    int padLeft,
    int groups) {
  /**
   * Returns the product of {@code rows} rows of {@code in} numbers with a weight {@code [out, in]}:
   * a convolution of images of one pixel.
   */
  public static ConvGeometry product(int rows, int in, int out) {
    return new ConvGeometry(rows, 1, 1, in, 1, 1, out, 1, 1, 1, 1, 1, 1, 0, 0, 1);
  }

  /** Returns the same convolution of another number of images. */
  public ConvGeometry ofBatch(int images) {
    return with(images, inChannels);
  }

  /** Returns the same convolution with other input channels, in as many groups. */
  public ConvGeometry withInChannels(int channels) {
    return with(batch, channels);
  }

  private ConvGeometry with(int images, int in) {
    return new ConvGeometry(
        images,
        inHeight,
        inWidth,
        in,
        outHeight,
        outWidth,
        outChannels,
        kernelHeight,
        kernelWidth,
        strideHeight,
        strideWidth,
        dilationHeight,
        dilationWidth,
        padTop,
        padLeft,
        groups);
  }

  /** Returns the input channels of one group. */
  public int groupIn() {
    return inChannels / groups;
  }

  /** Returns the output channels of one group. */
  public int groupOut() {
    return outChannels / groups;
  }

  /**
   * Returns the multiply-accumulates of the direct method, window positions in the padding counted.
   */
  public long macs() {
    return (long) batch
        * outHeight
        * outWidth
        * outChannels
        * groupIn()
        * kernelHeight
        * kernelWidth;
  }

  /** Tells whether each group has one input channel. */
  public boolean isDepthwise() {
    return groups == inChannels && groups > 1;
  }

  /**
   * Tells whether this is a 1x1 convolution of stride 1 without padding: a plain matrix product.
   */
  public boolean isPointwise() {
    return kernelHeight == 1
        && kernelWidth == 1
        && strideHeight == 1
        && strideWidth == 1
        && padTop == 0
        && padLeft == 0
        && outHeight == inHeight
        && outWidth == inWidth
        && groups == 1;
  }
}
