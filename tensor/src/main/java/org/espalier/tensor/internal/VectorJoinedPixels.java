package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Convolves layers of few channels as if neighbouring output pixels of a row were one pixel with
 * more channels.
 *
 * <p>Channels lie last, so the channels of two neighbours are one run of memory already; what
 * changes is the kernel: wider by the stride for each further pixel, with zeros where one of the
 * pixels does not look. Why: six channels fill half a vector, and each pixel's window of 25 floats
 * is copied by five vectors of which a third is used. Of four pixels 24 channels fill two vectors,
 * and the window of all four is copied by as many vectors as that of one. The zeros change no bit
 * of the sums.
 */
final class VectorJoinedPixels {
  /** Most pixels joined. */
  private static final int MOST = 8;

  /** Rough cycles of the copy of one vector into a window. */
  private static final int COPY = 5;

  /** Rough cycles around the steps of a register tile. */
  private static final int AROUND = 50;

  private final ConvGeometry narrow;
  private final ConvGeometry wide;
  private final int joined;

  private VectorJoinedPixels(ConvGeometry narrow, int joined) {
    this.narrow = narrow;
    this.wide = wide(narrow, joined);
    this.joined = joined;
  }

  /** Returns the joined convolution, null where that gains nothing. */
  static VectorJoinedPixels of(ConvGeometry g) {
    if (g.groups() > 1 || g.dilationWidth() > 1 || g.kernelWidth() == 1) {
      return null;
    }
    int best = 1;
    for (int joined = 2; joined <= MOST; joined++) {
      boolean fits = g.outWidth() % joined == 0 && joined * g.outChannels() <= VectorPanels.WIDEST;
      if (fits && cycles(g, joined) < cycles(g, best)) {
        best = joined;
      }
    }
    return best == 1 ? null : new VectorJoinedPixels(g, best);
  }

  /** Returns the rough cycles of one output pixel. */
  private static double cycles(ConvGeometry g, int joined) {
    int run = (g.kernelWidth() + (joined - 1) * g.strideWidth()) * g.inChannels();
    int vectors = (run + VectorPanels.LANES - 1) / VectorPanels.LANES;
    double copies = VectorBand.isShort(run) ? (double) COPY * g.kernelHeight() * vectors : 0;
    long steps = (long) g.kernelHeight() * run;
    long step = VectorPanels.stepCycles(1, joined * g.outChannels());
    return (copies + (double) (step * steps + AROUND) / VectorPanels.ROWS) / joined;
  }

  private static ConvGeometry wide(ConvGeometry g, int joined) {
    return new ConvGeometry(
        g.batch(),
        g.inHeight(),
        g.inWidth(),
        g.inChannels(),
        g.outHeight(),
        g.outWidth() / joined,
        g.outChannels() * joined,
        g.kernelHeight(),
        g.kernelWidth() + (joined - 1) * g.strideWidth(),
        g.strideHeight(),
        g.strideWidth() * joined,
        g.dilationHeight(),
        1,
        g.padTop(),
        g.padLeft(),
        1);
  }

  /** Computes {@code y} (modified). */
  void forward(float[] x, VectorWeight weight, float[] bias, Clamp clamp, float[] y) {
    VectorWeight.Packed kernels = joined(weight);
    VectorWeight wider = weight.derived(new Layout(joined, narrow.strideWidth()), kernels);
    VectorConv.sweep(wide, x, wider, repeated(bias), clamp, y);
    kernels.release();
  }

  /** Names the kernels of so many pixels. */
  private record Layout(int joined, int stride) {}

  private float[] repeated(float[] bias) {
    if (bias == null) {
      return null;
    }
    float[] repeated = new float[wide.outChannels()];
    for (int j = 0; j < joined; j++) {
      System.arraycopy(bias, 0, repeated, j * narrow.outChannels(), narrow.outChannels());
    }
    return repeated;
  }

  /** Computes {@code dw} (modified): each weight stands once for each of the joined pixels. */
  void gradWeight(float[] x, float[] dy, float[] dw) {
    int size = rows() * wideRow();
    float[] sums = Scratch.take((long) joined * size);
    new VectorWeightGradient(wide, x, dy).run(sums);
    Arrays.fill(dw, 0, rows() * narrowRow(), 0);
    for (int j = 0; j < joined; j++) {
      for (int row = 0; row < rows(); row++) {
        int from = place(j, row);
        int to = row * narrowRow();
        for (int i = 0; i < narrowRow(); i++) {
          dw[to + i] += sums[from + i];
        }
      }
    }
    Scratch.give(sums);
  }

  private VectorWeight.Packed joined(VectorWeight weight) {
    int size = joined * rows() * wideRow();
    return weight.packed(
        new Layout(joined, narrow.strideWidth()),
        size,
        kernels -> {
          Arrays.fill(kernels, 0, size, 0);
          for (int j = 0; j < joined; j++) {
            for (int row = 0; row < rows(); row++) {
              System.arraycopy(
                  weight.values(), row * narrowRow(), kernels, place(j, row), narrowRow());
            }
          }
        });
  }

  /** Returns the rows of all kernels. */
  private int rows() {
    return narrow.outChannels() * narrow.kernelHeight();
  }

  private int narrowRow() {
    return narrow.kernelWidth() * narrow.inChannels();
  }

  private int wideRow() {
    return wide.kernelWidth() * wide.inChannels();
  }

  /** Returns where a row of the kernels begins for one of the joined pixels. */
  private int place(int pixel, int row) {
    return (pixel * rows() + row) * wideRow() + pixel * narrow.strideWidth() * narrow.inChannels();
  }
}
