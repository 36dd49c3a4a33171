package org.espalier.optim;

import java.util.Arrays;
import org.espalier.autograd.Call;
import org.espalier.autograd.op.Convolution;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;

/**
 * Averages what a layer reads: rows of a linear layer, windows of a convolution, zeros of the
 * padding counted. Windows are never laid out: images are summed first, then each kernel position
 * adds the pixels it meets.
 *
 * @param layer the layer, as a pass that is still open recorded it
 * @param layout where an input stands in the result
 * @param lease lends what is needed in between
 */
record MeanInput(LinearLayer layer, BlockLayout layout, Workspace.Lease lease) {
  /** Writes the mean over all uses, and 1 for the constant inputs. */
  void into(double[] mean) {
    Arrays.fill(mean, 0, layout.width(), 0);
    for (Call use : layer.uses()) {
      add(use, mean);
    }
    for (int group = 0; layout.bias() && group < layout.groups(); group++) {
      mean[layout.biasAt(group)] = 1;
    }
  }

  private void add(Call use, double[] mean) {
    Tensor x = use.in(0);
    if (use.op() instanceof Convolution convolution) {
      Shape y = use.output().shape();
      addWindows(convolution.geometry(x.shape(), use.input(1).shape(), y), x, mean);
    } else {
      addRows(x, mean);
    }
  }

  private void addRows(Tensor x, double[] mean) {
    int inputs = x.shape().size(-1);
    Tensor sum = sum(x, Span.channels(x.shape()), inputs);
    double share = 1.0 / (x.count() / inputs) / layer.uses().size();
    for (int i = 0; i < inputs; i++) {
      mean[layout.at(0, 0, i)] += share * sum.get(i);
    }
    lease.release(sum);
  }

  private Tensor sum(Tensor x, Span span, int count) {
    Tensor sum = lease.take(x.dtype(), Shape.of(count));
    KernelLookup.of(x).reduce(Reduction.SUM, x, span, sum);
    return sum;
  }

  private void addWindows(ConvGeometry g, Tensor x, double[] mean) {
    int image = g.inHeight() * g.inWidth() * g.inChannels();
    Tensor images = sum(x, new Span(1, g.batch(), image), image);
    Tensor pixels = lease.take(DType.F64, Shape.of(g.inChannels()));
    double share = 1.0 / ((double) g.batch() * g.outHeight() * g.outWidth()) / layer.uses().size();
    for (int tap = 0; tap < layout.taps(); tap++) {
      addPixels(g, tap / g.kernelWidth(), tap % g.kernelWidth(), images, pixels.f64());
      for (int c = 0; c < g.inChannels(); c++) {
        int at = layout.at(c / layout.channels(), tap, c % layout.channels());
        mean[at] += share * pixels.f64()[c];
      }
    }
    lease.release(pixels);
    lease.release(images);
  }

  /** Adds up, channel by channel, the pixels that one kernel position meets. */
  private static void addPixels(ConvGeometry g, int i, int j, Tensor images, double[] pixels) {
    Arrays.fill(pixels, 0, g.inChannels(), 0);
    for (int oy = 0; oy < g.outHeight(); oy++) {
      int iy = oy * g.strideHeight() - g.padTop() + i * g.dilationHeight();
      for (int ox = 0; ox < g.outWidth() && iy >= 0 && iy < g.inHeight(); ox++) {
        int ix = ox * g.strideWidth() - g.padLeft() + j * g.dilationWidth();
        if (ix >= 0 && ix < g.inWidth()) {
          addPixel(images, (iy * g.inWidth() + ix) * g.inChannels(), g.inChannels(), pixels);
        }
      }
    }
  }

  private static void addPixel(Tensor images, int from, int channels, double[] pixels) {
    if (images.dtype() == DType.F64) {
      double[] values = images.f64();
      for (int c = 0; c < channels; c++) {
        pixels[c] += values[from + c];
      }
    } else {
      float[] values = images.f32();
      for (int c = 0; c < channels; c++) {
        pixels[c] += values[from + c];
      }
    }
  }
}
