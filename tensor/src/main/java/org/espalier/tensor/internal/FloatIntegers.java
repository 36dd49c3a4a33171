package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.Prepacked;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.CodeRange;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.IntegerKernels;
import org.espalier.tensor.kernel.PoolGeometry;
import org.espalier.tensor.kernel.Requantization;
import org.espalier.tensor.parallel.Parallel;

/**
 * Computes on codes that are widened to floats, some images at a time: the products and sums of the
 * float kernels are exact as long as no sum leaves 2^24, which {@link ExactSlices} sees to.
 *
 * <p>Why floats: Java reaches no instruction that adds pairs of 8- or 16-bit products, and one
 * fused multiply-add of floats does what two instructions on 32-bit integers do
 * (docs/performance.md). What is widened and what is rounded stays in the caches.
 */
final class FloatIntegers implements IntegerKernels {
  /**
   * Floats widened and summed at a time: a quarter of an L2 cache; more where there are so many
   * weights that reading them again for each chunk would cost more.
   */
  private static final int CHUNK = 1 << 16;

  /** Convolves integers held as floats, without a transform. */
  @FunctionalInterface
  interface Product {
    /**
     * Computes {@code y} (modified).
     *
     * @param kept keeps packed copies of the weight, or null
     */
    void run(ConvGeometry g, float[] x, float[] weight, Prepacked kept, float[] y);
  }

  /** Takes the sums of some images: the sum of all parts, without the bias. */
  @FunctionalInterface
  private interface Sink {
    /**
     * Takes sums.
     *
     * @param parts arrays to be added, those of the images at hand
     * @param from first element of the images at hand
     * @param to end of these elements
     * @param before elements of the images before
     */
    void take(float[][] parts, int from, int to, int before);
  }

  private final CodeLoops loops;
  private final Product product;

  FloatIntegers(CodeLoops loops, Product product) {
    this.loops = loops;
    this.product = product;
  }

  @Override
  public void conv(
      ConvGeometry geometry,
      Tensor x,
      int zeroPoint,
      Tensor weight,
      Tensor bias,
      Requantization rounding,
      Tensor y) {
    ExactSlices slices = new ExactSlices(geometry, weight, CodeRange.all(zeroPoint).reach());
    byte[] codes = y.i8();
    int channels = geometry.outChannels();
    if (slices.count() == 0) {
      new ReferenceIntegers().conv(geometry, x, zeroPoint, weight, bias, rounding, y);
    } else if (slices.count() == 1) {
      RowRounding rows = RowRounding.of(channels, bias, rounding);
      Sink sink =
          (parts, from, to, before) ->
              loops.round(parts[0], from, to - from, rows, codes, before + from);
      run(geometry, x.i8(), zeroPoint, slices, sink);
    } else {
      Sink sink =
          (parts, from, to, before) -> {
            for (int i = from; i < to; i++) {
              int channel = i % channels;
              codes[before + i] = rounding.code(sum(parts, i, channel, bias), channel);
            }
          };
      run(geometry, x.i8(), zeroPoint, slices, sink);
    }
  }

  @Override
  public void sums(
      ConvGeometry geometry, Tensor x, int zeroPoint, Tensor weight, Tensor bias, Tensor sums) {
    ExactSlices slices = new ExactSlices(geometry, weight, CodeRange.all(zeroPoint).reach());
    int[] all = sums.i32();
    if (slices.count() == 0) {
      new ReferenceIntegers().sums(geometry, x, zeroPoint, weight, bias, sums);
      return;
    }
    Sink sink =
        (parts, from, to, before) -> {
          for (int i = from; i < to; i++) {
            all[before + i] = sum(parts, i, i % geometry.outChannels(), bias);
          }
        };
    run(geometry, x.i8(), zeroPoint, slices, sink);
  }

  private static int sum(float[][] parts, int i, int channel, Tensor bias) {
    int sum = bias == null ? 0 : bias.i32()[channel];
    for (float[] part : parts) {
      sum += (int) part[i];
    }
    return sum;
  }

  /** Runs the product some images at a time, and hands their sums on. */
  private void run(ConvGeometry g, byte[] x, int zeroPoint, ExactSlices slices, Sink sink) {
    int input = g.inHeight() * g.inWidth() * g.inChannels();
    int output = g.outHeight() * g.outWidth() * g.outChannels();
    int chunk = Math.max(CHUNK, slices.weights() / 2);
    int together = Math.max(1, chunk / Math.max(1, input + slices.count() * output));
    int most = Math.min(together, g.batch());
    float[] wide = Scratch.take((long) most * input);
    float[][] parts = Scratch.take(slices.count(), (long) most * output);
    for (int image = 0; image < g.batch(); image += together) {
      int images = Math.min(together, g.batch() - image);
      for (int s = 0; s < slices.count(); s++) {
        widen(g, x, image * input, images, zeroPoint, slices, s, wide);
        ConvGeometry part = g.ofBatch(images).withInChannels(slices.width(s) * g.groups());
        product.run(part, wide, slices.values(s), slices.kept(s), parts[s]);
      }
      int before = image * output;
      int channels = g.outChannels();
      Parallel.range(
          images * output / Math.max(1, channels),
          Parallel.grain(channels),
          (from, to) -> sink.take(parts, from * channels, to * channels, before));
    }
    Scratch.give(wide);
    Scratch.give(parts);
  }

  /** Widens the channels of one slice. */
  private void widen(
      ConvGeometry g,
      byte[] x,
      int first,
      int images,
      int zeroPoint,
      ExactSlices slices,
      int slice,
      float[] wide) {
    int pixels = images * g.inHeight() * g.inWidth();
    int width = slices.width(slice);
    int channels = g.groupIn();
    boolean all = width == channels;
    int run = all ? channels * g.groups() : width;
    int runs = all ? pixels : pixels * g.groups();
    int apart = all ? run : channels;
    int start = first + slices.from(slice);
    Parallel.range(
        runs,
        Parallel.grain(run),
        (from, to) -> {
          if (all) {
            loops.widen(x, start + from * run, (to - from) * run, zeroPoint, wide, from * run);
            return;
          }
          for (int r = from; r < to; r++) {
            loops.widen(x, start + r * apart, run, zeroPoint, wide, r * run);
          }
        });
  }

  @Override
  public void add(
      Tensor x,
      int xZero,
      double xSteps,
      Tensor y,
      int yZero,
      double ySteps,
      CodeRange range,
      Tensor z) {
    byte[] left = x.i8();
    byte[] right = y.i8();
    byte[] codes = z.i8();
    Parallel.range(
        z.count(),
        Parallel.GRAIN,
        (from, to) -> loops.add(left, xZero, xSteps, right, yZero, ySteps, range, codes, from, to));
  }

  @Override
  public void maxPool(PoolGeometry geometry, Tensor x, Tensor y) {
    byte[] input = x.i8();
    byte[] codes = y.i8();
    int channels = geometry.channels();
    int image = geometry.height() * geometry.width() * channels;
    ScalarPool.each(
        geometry,
        (n, taps, share, at, room) -> {
          Arrays.fill(codes, at, at + channels, (byte) CodeRange.LOWEST);
          for (int tap : taps) {
            loops.max(input, n * image + tap * channels, channels, codes, at);
          }
        });
  }

  @Override
  public void averagePool(
      PoolGeometry geometry, Tensor x, int zeroPoint, Requantization rounding, Tensor y) {
    byte[] input = x.i8();
    byte[] codes = y.i8();
    int channels = geometry.channels();
    int image = geometry.height() * geometry.width() * channels;
    Requantization[] byCount = byCount(geometry, rounding);
    ScalarPool.each(
        geometry,
        (n, taps, share, at, room) -> {
          Requantization mean = byCount[Math.round(1 / share)];
          int[] sums = new int[channels];
          for (int tap : taps) {
            int from = n * image + tap * channels;
            for (int c = 0; c < channels; c++) {
              sums[c] += input[from + c];
            }
          }
          for (int c = 0; c < channels; c++) {
            codes[at + c] = mean.code(sums[c] - taps.length * zeroPoint, c);
          }
        });
  }

  /** Returns the rounding of windows of each count that there is. */
  private static Requantization[] byCount(PoolGeometry g, Requantization rounding) {
    int most =
        Arrays.stream(g.rowCount()).max().orElse(0)
            * Arrays.stream(g.columnCount()).max().orElse(0);
    Requantization[] byCount = new Requantization[most + 1];
    for (int rows : g.rowCount()) {
      for (int columns : g.columnCount()) {
        int count = rows * columns;
        if (byCount[count] == null) {
          byCount[count] = rounding.dividedBy(Math.max(1, count));
        }
      }
    }
    return byCount;
  }

  @Override
  public void map(Tensor x, Tensor table, Tensor y) {
    byte[] input = x.i8();
    byte[] entries = table.i8();
    byte[] codes = y.i8();
    Parallel.range(
        y.count(),
        Parallel.GRAIN,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            codes[i] = entries[input[i] - CodeRange.LOWEST];
          }
        });
  }

  @Override
  public void widen(Tensor x, int zeroPoint, Tensor y) {
    byte[] codes = x.i8();
    float[] wide = y.f32();
    Parallel.range(
        y.count(),
        Parallel.GRAIN,
        (from, to) -> loops.widen(codes, from, to - from, zeroPoint, wide, from));
  }

  @Override
  public void narrow(Tensor x, int zeroPoint, Tensor y) {
    float[] wide = x.f32();
    byte[] codes = y.i8();
    Parallel.range(
        y.count(), Parallel.GRAIN, (from, to) -> loops.narrow(wide, zeroPoint, codes, from, to));
  }
}
