package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.ConvGeometry;

/** Convolves in double precision, one multiplication after the other: the oracle of the tests. */
record NaiveConv(ConvGeometry g) {

  /** Does something with one product of the convolution: indices into y, x and weight. */
  private interface Term {
    void at(int y, int x, int w);
  }

  private void terms(Term term) {
    for (int n = 0; n < g.batch(); n++) {
      for (int oy = 0; oy < g.outHeight(); oy++) {
        for (int ox = 0; ox < g.outWidth(); ox++) {
          for (int o = 0; o < g.outChannels(); o++) {
            int output = ((n * g.outHeight() + oy) * g.outWidth() + ox) * g.outChannels() + o;
            window(term, n, oy, ox, o, output);
          }
        }
      }
    }
  }

  private void window(Term term, int n, int oy, int ox, int o, int output) {
    int group = o / g.groupOut();
    for (int i = 0; i < g.kernelHeight(); i++) {
      int iy = oy * g.strideHeight() - g.padTop() + i * g.dilationHeight();
      for (int j = 0; j < g.kernelWidth(); j++) {
        int ix = ox * g.strideWidth() - g.padLeft() + j * g.dilationWidth();
        if (iy < 0 || iy >= g.inHeight() || ix < 0 || ix >= g.inWidth()) {
          continue;
        }
        for (int c = 0; c < g.groupIn(); c++) {
          int x = ((n * g.inHeight() + iy) * g.inWidth() + ix) * g.inChannels();
          int w = ((o * g.kernelHeight() + i) * g.kernelWidth() + j) * g.groupIn() + c;
          term.at(output, x + group * g.groupIn() + c, w);
        }
      }
    }
  }

  double[] forward(float[] x, float[] weight, float[] bias) {
    double[] y = new double[ySize()];
    for (int i = 0; bias != null && i < y.length; i++) {
      y[i] = bias[i % g.outChannels()];
    }
    terms((o, i, w) -> y[o] += (double) x[i] * weight[w]);
    return y;
  }

  double[] gradInput(float[] dy, float[] weight) {
    double[] dx = new double[xSize()];
    terms((o, i, w) -> dx[i] += (double) dy[o] * weight[w]);
    return dx;
  }

  double[] gradWeight(float[] x, float[] dy) {
    double[] dw = new double[weightSize()];
    terms((o, i, w) -> dw[w] += (double) dy[o] * x[i]);
    return dw;
  }

  int xSize() {
    return g.batch() * g.inHeight() * g.inWidth() * g.inChannels();
  }

  int ySize() {
    return g.batch() * g.outHeight() * g.outWidth() * g.outChannels();
  }

  int weightSize() {
    return g.outChannels() * g.kernelHeight() * g.kernelWidth() * g.groupIn();
  }
}
