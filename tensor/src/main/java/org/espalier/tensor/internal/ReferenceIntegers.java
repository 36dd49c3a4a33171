package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.CodeRange;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.IntegerKernels;
import org.espalier.tensor.kernel.PoolGeometry;
import org.espalier.tensor.kernel.Requantization;

/** Computes on codes with straight loops and sums of 64 bits: the oracle, never tuned. */
final class ReferenceIntegers implements IntegerKernels {
  @Override
  public void conv(
      ConvGeometry geometry,
      Tensor x,
      int zeroPoint,
      Tensor weight,
      Tensor bias,
      Requantization rounding,
      Tensor y) {
    long[] sums = sums(geometry, x.i8(), zeroPoint, weight.i8(), bias);
    for (int i = 0; i < sums.length; i++) {
      y.i8()[i] = rounding.code(Math.toIntExact(sums[i]), i % geometry.outChannels());
    }
  }

  @Override
  public void sums(
      ConvGeometry geometry, Tensor x, int zeroPoint, Tensor weight, Tensor bias, Tensor sums) {
    long[] all = sums(geometry, x.i8(), zeroPoint, weight.i8(), bias);
    for (int i = 0; i < all.length; i++) {
      sums.i32()[i] = Math.toIntExact(all[i]);
    }
  }

  private static long[] sums(ConvGeometry g, byte[] x, int zeroPoint, byte[] weight, Tensor bias) {
    long[] sums = new long[g.batch() * g.outHeight() * g.outWidth() * g.outChannels()];
    for (int i = 0; i < sums.length && bias != null; i++) {
      sums[i] = bias.i32()[i % g.outChannels()];
    }
    ReferenceWindows.taps(g, (xi, wi, yi) -> sums[yi] += (long) (x[xi] - zeroPoint) * weight[wi]);
    return sums;
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
    byte[] codes = z.i8();
    for (int i = 0; i < z.count(); i++) {
      codes[i] = range.code((x.i8()[i] - xZero) * xSteps + (y.i8()[i] - yZero) * ySteps);
    }
  }

  @Override
  public void maxPool(PoolGeometry geometry, Tensor x, Tensor y) {
    byte[] input = x.i8();
    byte[] codes = y.i8();
    Arrays.fill(codes, 0, y.count(), (byte) CodeRange.LOWEST);
    ReferenceWindows.windows(
        geometry,
        (from, position, to, divisor) -> codes[to] = (byte) Math.max(codes[to], input[from]));
  }

  @Override
  public void averagePool(
      PoolGeometry geometry, Tensor x, int zeroPoint, Requantization rounding, Tensor y) {
    byte[] input = x.i8();
    long[] sums = new long[y.count()];
    int[] counts = new int[y.count()];
    ReferenceWindows.windows(
        geometry,
        (from, position, to, divisor) -> {
          sums[to] += input[from] - zeroPoint;
          counts[to] = divisor;
        });
    for (int i = 0; i < sums.length; i++) {
      int sum = Math.toIntExact(sums[i]);
      y.i8()[i] = rounding.dividedBy(Math.max(1, counts[i])).code(sum, i % geometry.channels());
    }
  }

  @Override
  public void map(Tensor x, Tensor table, Tensor y) {
    for (int i = 0; i < y.count(); i++) {
      y.i8()[i] = table.i8()[x.i8()[i] - CodeRange.LOWEST];
    }
  }

  @Override
  public void widen(Tensor x, int zeroPoint, Tensor y) {
    for (int i = 0; i < y.count(); i++) {
      y.set(i, x.get(i) - zeroPoint);
    }
  }

  @Override
  public void narrow(Tensor x, int zeroPoint, Tensor y) {
    for (int i = 0; i < y.count(); i++) {
      y.set(i, x.get(i) + zeroPoint);
    }
  }
}
