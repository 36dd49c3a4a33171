package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.PoolGeometry;

/**
 * Lists the terms of convolution and pooling one by one, so that forward and gradients share one
 * index calculation.
 */
final class ReferenceWindows {
  private ReferenceWindows() {}

  /** Receives the flat positions of one product {@code y += x · w}. */
  @FunctionalInterface
  interface Tap {
    void visit(int xi, int wi, int yi);
  }

  /** Receives one input element of one pooling window. */
  @FunctionalInterface
  interface Window {
    /**
     * Visits the element.
     *
     * @param xi flat position in the input
     * @param position {@code row · width + column} of the element
     * @param yi flat position in the output
     * @param divisor count by which an average divides
     */
    void visit(int xi, int position, int yi, int divisor);
  }

  /** Visits every product of a convolution, taps in the padding left out. */
  static void taps(ConvGeometry g, Tap tap) {
    for (int n = 0; n < g.batch(); n++) {
      for (int oy = 0; oy < g.outHeight(); oy++) {
        for (int ox = 0; ox < g.outWidth(); ox++) {
          for (int i = 0; i < g.kernelHeight(); i++) {
            for (int j = 0; j < g.kernelWidth(); j++) {
              int iy = oy * g.strideHeight() - g.padTop() + i * g.dilationHeight();
              int ix = ox * g.strideWidth() - g.padLeft() + j * g.dilationWidth();
              if (iy >= 0 && iy < g.inHeight() && ix >= 0 && ix < g.inWidth()) {
                int pixel = ((n * g.inHeight() + iy) * g.inWidth() + ix) * g.inChannels();
                int result = ((n * g.outHeight() + oy) * g.outWidth() + ox) * g.outChannels();
                channels(g, i * g.kernelWidth() + j, pixel, result, tap);
              }
            }
          }
        }
      }
    }
  }

  private static void channels(ConvGeometry g, int kernelTap, int pixel, int result, Tap tap) {
    int taps = g.kernelHeight() * g.kernelWidth();
    for (int o = 0; o < g.outChannels(); o++) {
      int group = o / g.groupOut();
      for (int c = 0; c < g.groupIn(); c++) {
        int wi = (o * taps + kernelTap) * g.groupIn() + c;
        tap.visit(pixel + group * g.groupIn() + c, wi, result + o);
      }
    }
  }

  /** Visits every element of every pooling window, in scan order. */
  static void windows(PoolGeometry g, Window window) {
    for (int n = 0; n < g.batch(); n++) {
      for (int oy = 0; oy < g.outHeight(); oy++) {
        for (int ox = 0; ox < g.outWidth(); ox++) {
          int result = ((n * g.outHeight() + oy) * g.outWidth() + ox) * g.channels();
          int divisor = g.rowCount()[oy] * g.columnCount()[ox];
          for (int iy = g.rowStart()[oy]; iy < g.rowEnd()[oy]; iy += g.rowStep()) {
            for (int ix = g.columnStart()[ox]; ix < g.columnEnd()[ox]; ix += g.columnStep()) {
              int position = iy * g.width() + ix;
              int pixel = (n * g.height() * g.width() + position) * g.channels();
              for (int c = 0; c < g.channels(); c++) {
                window.visit(pixel + c, position, result + c, divisor);
              }
            }
          }
        }
      }
    }
  }
}
