package org.espalier.tensor.internal;

import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.Test;

/** Compares convolutions and their gradients. */
class ConvKernelsTest extends KernelTwin {
  static ConvGeometry geometry(
      int batch,
      int h,
      int w,
      int in,
      int out,
      int kernel,
      int stride,
      int dilation,
      int pad,
      int g) {
    int oh = (h + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    int ow = (w + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    return new ConvGeometry(
        batch, h, w, in, oh, ow, out, kernel, kernel, stride, stride, dilation, dilation, pad, pad,
        g);
  }

  private static ConvGeometry[] geometries() {
    return new ConvGeometry[] {
      geometry(2, 8, 8, 3, 16, 3, 1, 1, 1, 1),
      geometry(2, 9, 7, 10, 19, 3, 1, 1, 1, 1),
      geometry(1, 7, 9, 19, 10, 3, 2, 1, 1, 1),
      geometry(2, 8, 8, 13, 43, 3, 2, 1, 1, 1),
      geometry(2, 6, 5, 43, 33, 1, 1, 1, 0, 1),
      geometry(2, 8, 8, 17, 31, 1, 2, 1, 0, 1),
      geometry(1, 11, 11, 7, 3, 3, 1, 2, 2, 1),
      geometry(1, 12, 10, 2, 3, 5, 3, 1, 2, 1),
      geometry(1, 15, 14, 3, 20, 7, 2, 1, 3, 1),
      geometry(2, 6, 6, 12, 18, 3, 1, 1, 1, 3),
      geometry(1, 6, 7, 20, 10, 3, 2, 1, 1, 2),
      geometry(2, 7, 7, 1, 1, 3, 1, 1, 1, 1),
      geometry(1, 1, 1, 64, 100, 3, 1, 1, 1, 1),
      geometry(2, 4, 4, 207, 130, 3, 1, 1, 1, 1),
      geometry(2, 18, 17, 64, 64, 3, 1, 1, 1, 1),
      geometry(2, 5, 5, 16, 24, 2, 2, 1, 0, 1),
      geometry(1, 5, 6, 8, 8, 2, 3, 1, 1, 1),
      // small images, several at once
      geometry(150, 2, 2, 20, 35, 3, 1, 1, 1, 1),
      geometry(37, 5, 5, 12, 18, 3, 2, 1, 1, 3),
      geometry(70, 6, 5, 9, 33, 3, 2, 1, 1, 1),
      geometry(70, 3, 3, 40, 70, 1, 1, 1, 0, 1),
      // few channels: neighbouring pixels joined
      geometry(3, 28, 28, 1, 6, 5, 1, 1, 2, 1),
      geometry(2, 14, 14, 6, 16, 5, 1, 1, 0, 1),
      geometry(2, 13, 16, 3, 8, 3, 2, 1, 1, 1),
      geometry(1, 9, 15, 2, 5, 4, 1, 1, 1, 1),
      new ConvGeometry(3, 1, 60, 1, 1, 60, 5, 1, 8, 1, 1, 1, 1, 0, 3, 1),
      // nothing at all
      geometry(0, 4, 4, 16, 16, 3, 1, 1, 1, 1),
      geometry(0, 4, 4, 16, 16, 3, 1, 1, 1, 16),
      // one-dimensional, uneven padding
      new ConvGeometry(3, 1, 33, 6, 1, 33, 9, 1, 8, 1, 1, 1, 1, 0, 3, 1),
      new ConvGeometry(2, 1, 40, 1, 1, 14, 12, 1, 7, 1, 3, 1, 2, 0, 6, 1),
      // depthwise, with and without multiplier
      geometry(2, 8, 9, 19, 19, 3, 1, 1, 1, 19),
      geometry(2, 9, 8, 10, 10, 3, 2, 1, 1, 10),
      geometry(1, 9, 9, 43, 43, 5, 1, 2, 4, 43),
      geometry(1, 6, 6, 3, 6, 3, 1, 1, 1, 3),
      geometry(2, 30, 31, 64, 64, 3, 1, 1, 1, 64),
      geometry(1, 7, 7, 207, 207, 3, 2, 1, 1, 207),
      new ConvGeometry(1, 6, 2100, 8, 12, 2100, 8, 3, 3, 1, 1, 1, 1, 4, 1, 8),
      geometry(2, 7, 6, 33, 33, 3, 3, 1, 0, 33),
      geometry(1, 4, 4, 17, 17, 3, 1, 1, 4, 17),
      geometry(2, 8, 8, 13, 13, 3, 1, 2, 2, 13),
      new ConvGeometry(2, 1, 21, 31, 1, 21, 31, 1, 3, 1, 1, 1, 1, 0, 1, 31),
    };
  }

  private static int terms(ConvGeometry g) {
    return g.kernelHeight() * g.kernelWidth() * g.groupIn();
  }

  private Tensor drawInput(ConvGeometry g) {
    return draw(g.batch(), g.inHeight(), g.inWidth(), g.inChannels());
  }

  private Tensor drawWeight(ConvGeometry g) {
    return draw(g.outChannels(), g.kernelHeight(), g.kernelWidth(), g.groupIn());
  }

  private Tensor drawOutput(ConvGeometry g) {
    return draw(g.batch(), g.outHeight(), g.outWidth(), g.outChannels());
  }

  @Test
  void convolutionsAgree() {
    Clamp relu = Clamp.RELU;
    Clamp clamp = new Clamp(-1000, 0.25f);
    for (ConvGeometry g : geometries()) {
      Tensor x = drawInput(g);
      Tensor weight = drawWeight(g);
      Tensor bias = draw(g.outChannels());
      Tensor dy = drawOutput(g);
      int pixels = g.batch() * g.outHeight() * g.outWidth();
      twin(terms(g), dy.shape(), (k, y) -> k.conv(g, x, weight, bias, null, y), x, weight, bias);
      twin(terms(g), dy.shape(), (k, y) -> k.conv(g, x, weight, null, relu, y), x, weight);
      twin(terms(g), dy.shape(), (k, y) -> k.conv(g, x, weight, bias, clamp, y), x, weight, bias);
      twin(terms(g), x.shape(), (k, dx) -> k.convGradInput(g, dy, weight, dx), dy, weight);
      twin(pixels, weight.shape(), (k, dw) -> k.convGradWeight(g, x, dy, dw), x, dy);
    }
  }
}
