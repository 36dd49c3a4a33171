package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Tells which source position a destination position reads through a tap, along one axis of a
 * convolution: {@code (destination · multiply + offset + tap · step) / divide}, where that is whole
 * and inside.
 *
 * <p>The forward pass multiplies by the stride; the gradient of the input asks the same question
 * backwards and divides by it.
 *
 * @param source number of source positions
 * @param destination number of destination positions
 * @param taps number of taps
 * @param multiply source positions between two destinations
 * @param divide destination positions between two sources
 * @param offset padding, negative in the forward pass
 * @param step dilation, negative in the backward direction
 */
record ConvAxis(
    int source, int destination, int taps, int multiply, int divide, int offset, int step) {

  /** Returns the rows as the forward pass reads them. */
  static ConvAxis rows(ConvGeometry g) {
    return new ConvAxis(
        g.inHeight(),
        g.outHeight(),
        g.kernelHeight(),
        g.strideHeight(),
        1,
        -g.padTop(),
        g.dilationHeight());
  }

  /** Returns the columns as the forward pass reads them. */
  static ConvAxis columns(ConvGeometry g) {
    return new ConvAxis(
        g.inWidth(),
        g.outWidth(),
        g.kernelWidth(),
        g.strideWidth(),
        1,
        -g.padLeft(),
        g.dilationWidth());
  }

  /** Returns the other direction: sources become destinations. */
  ConvAxis reversed() {
    return new ConvAxis(destination, source, taps, divide, multiply, -offset, -step);
  }

  /**
   * Returns the source position, or -1 where the tap reads padding or falls between two sources.
   */
  int read(int position, int tap) {
    int scaled = position * multiply + offset + tap * step;
    if (divide > 1 && scaled % divide != 0) {
      return -1;
    }
    int found = divide > 1 ? scaled / divide : scaled;
    return found >= 0 && found < source ? found : -1;
  }

  /**
   * Tells whether the tap reads anything for destinations equal to {@code phase} modulo the stride.
   */
  boolean meets(int phase, int tap) {
    return Math.floorMod(phase * multiply + offset + tap * step, divide) == 0;
  }
}
