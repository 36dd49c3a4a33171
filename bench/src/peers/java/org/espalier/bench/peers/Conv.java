package org.espalier.bench.peers;

import java.util.Locale;
import java.util.Random;
import org.espalier.tensor.kernel.ConvGeometry;

/**
 * One convolution of square images, or of series where the height is 1, and its random tensors,
 * channels first. The padding of half a kernel keeps the size where the stride is 1 and the kernel
 * odd; an even kernel makes one output more.
 *
 * @param batch images
 * @param height rows, 1 for series
 * @param width columns
 * @param in input channels
 * @param out output channels
 * @param kernel side of the kernel
 * @param stride pixels between two outputs
 * @param groups number of independent convolutions side by side
 */
record Conv(int batch, int height, int width, int in, int out, int kernel, int stride, int groups) {
  /** The three passes of a convolution. */
  enum Pass {
    /** Computes the output. */
    FORWARD,
    /** Computes the gradient of the input. */
    INPUT,
    /** Computes the gradient of the weight. */
    WEIGHT
  }

  /** Returns a convolution of images. */
  static Conv square(int batch, int size, int in, int out, int kernel, int stride, int groups) {
    return new Conv(batch, size, size, in, out, kernel, stride, groups);
  }

  /** Returns a convolution of series. */
  static Conv series(int batch, int length, int in, int out, int kernel) {
    return new Conv(batch, 1, length, in, out, kernel, 1, 1);
  }

  boolean isSeries() {
    return height == 1;
  }

  int pad() {
    return kernel / 2;
  }

  int kernelHeight() {
    return isSeries() ? 1 : kernel;
  }

  int outHeight() {
    return isSeries() ? 1 : (height + 2 * pad() - kernel) / stride + 1;
  }

  int outWidth() {
    return (width + 2 * pad() - kernel) / stride + 1;
  }

  int pixels() {
    return height * width;
  }

  int outPixels() {
    return outHeight() * outWidth();
  }

  int taps() {
    return kernelHeight() * kernel;
  }

  int groupIn() {
    return in / groups;
  }

  ConvGeometry geometry() {
    return new ConvGeometry(
        batch,
        height,
        width,
        in,
        outHeight(),
        outWidth(),
        out,
        kernelHeight(),
        kernel,
        stride,
        stride,
        1,
        1,
        isSeries() ? 0 : pad(),
        pad(),
        groups);
  }

  /** Returns the sizes of the input as libtorch has them. */
  long[] inSizes() {
    return isSeries() ? new long[] {batch, in, width} : new long[] {batch, in, height, width};
  }

  /** Returns the sizes of the weight as libtorch has them. */
  long[] weightSizes() {
    return isSeries()
        ? new long[] {out, groupIn(), kernel}
        : new long[] {out, groupIn(), kernel, kernel};
  }

  /** Returns the sizes of the output as libtorch has them. */
  long[] outSizes() {
    return isSeries()
        ? new long[] {batch, out, outWidth()}
        : new long[] {batch, out, outHeight(), outWidth()};
  }

  String name(Pass pass) {
    String kind = (isSeries() ? "" : kernel + "x") + kernel + (stride > 1 ? "/" + stride : "");
    String sizes = batch + "x" + (isSeries() ? "" : height + "x") + width;
    String split = groups > 1 ? " g" + groups : "";
    return "%s %s %d-%d%s %s"
        .formatted(kind, sizes, in, out, split, pass.name().toLowerCase(Locale.ROOT));
  }

  float[] x(long seed) {
    return Noise.of(new Random(seed), batch * in * pixels());
  }

  float[] weight(long seed) {
    return Noise.of(new Random(seed + 1), out * groupIn() * taps());
  }

  float[] dy(long seed) {
    return Noise.of(new Random(seed + 2), batch * out * outPixels());
  }
}
