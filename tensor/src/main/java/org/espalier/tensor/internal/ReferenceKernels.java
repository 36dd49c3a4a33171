package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.IntegerKernels;
import org.espalier.tensor.kernel.Kernels;
import org.espalier.tensor.kernel.PoolGeometry;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;
import org.espalier.tensor.kernel.SparseMode;
import org.espalier.tensor.kernel.Unary;

/**
 * Computes everything with straight loops in double precision: the oracle, never tuned.
 *
 * <p>Inputs are read as doubles and results rounded once at the end, so the F32 form shows what an
 * exact kernel would give and the F64 form serves the gradient checks.
 */
public final class ReferenceKernels implements Kernels {
  @Override
  public String name() {
    return "reference";
  }

  @Override
  public void unary(Unary op, double a, double b, Tensor x, Tensor y) {
    for (int i = 0; i < y.count(); i++) {
      y.set(i, op.value(x.get(i), a, b));
    }
  }

  @Override
  public void unaryGrad(Unary op, double a, double b, Tensor x, Tensor y, Tensor dy, Tensor dx) {
    for (int i = 0; i < dx.count(); i++) {
      double input = x == null ? Double.NaN : x.get(i);
      double output = y == null ? Double.NaN : y.get(i);
      dx.set(i, op.derivative(input, output, a, b) * dy.get(i));
    }
  }

  @Override
  public void binary(Binary op, Tensor x, Tensor y, Span span, Tensor out) {
    each(span, (at, companion) -> out.set(at, op.apply(x.get(at), y.get(companion))));
  }

  @Override
  public void addScaled(double factor, Tensor x, Tensor y) {
    for (int i = 0; i < y.count(); i++) {
      y.set(i, y.get(i) + factor * x.get(i));
    }
  }

  @Override
  public void reduce(Reduction reduction, Tensor x, Span span, Tensor y) {
    double[] result = new double[span.companion()];
    if (reduction == Reduction.MAX) {
      Arrays.fill(result, Double.NEGATIVE_INFINITY);
      each(span, (at, companion) -> result[companion] = Math.max(result[companion], x.get(at)));
    } else {
      each(span, (at, companion) -> result[companion] += x.get(at));
    }
    if (reduction == Reduction.MEAN) {
      for (int i = 0; i < result.length; i++) {
        result[i] /= span.middle();
      }
    }
    store(result, y);
  }

  @Override
  public void scaleShift(
      Tensor x, Tensor scale, Tensor shift, Span span, boolean rectify, Tensor y) {
    each(
        span,
        (at, companion) -> {
          double scaled = scale == null ? x.get(at) : x.get(at) * scale.get(companion);
          double shifted = shift == null ? scaled : scaled + shift.get(companion);
          y.set(at, rectify ? Math.max(shifted, 0) : shifted);
        });
  }

  @Override
  public void moments(Tensor x, Span span, Tensor mean, Tensor variance) {
    double[] means = new double[span.companion()];
    each(span, (at, companion) -> means[companion] += x.get(at) / span.middle());
    double[] variances = new double[span.companion()];
    each(
        span,
        (at, companion) -> {
          double deviation = x.get(at) - means[companion];
          variances[companion] += deviation * deviation / span.middle();
        });
    if (span.middle() == 0) {
      Arrays.fill(means, Double.NaN);
      Arrays.fill(variances, Double.NaN);
    }
    store(means, mean);
    store(variances, variance);
  }

  @Override
  public void normSums(
      Tensor dy,
      Tensor x,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor scale,
      Tensor shift,
      Span span,
      Tensor sum,
      Tensor product) {
    double[] sums = new double[span.companion()];
    double[] products = new double[span.companion()];
    each(
        span,
        (at, companion) -> {
          double normal = (x.get(at) - mean.get(companion)) * inverseDeviation.get(companion);
          double upstream = isOpen(x.get(at), scale, shift, companion) ? dy.get(at) : 0;
          sums[companion] += upstream;
          products[companion] += upstream * normal;
        });
    store(sums, sum);
    store(products, product);
  }

  /** Tells whether the rectifier of {@code x · scale + shift} let x through. */
  private static boolean isOpen(double x, Tensor scale, Tensor shift, int companion) {
    return shift == null || x * scale.get(companion) + shift.get(companion) > 0;
  }

  @Override
  public void combine(
      Tensor x, Tensor a, Tensor y, Tensor b, Tensor c, Tensor shift, Span span, Tensor out) {
    each(
        span,
        (at, companion) -> {
          boolean open = isOpen(y.get(at), a, shift, companion);
          double first = open ? a.get(companion) * x.get(at) : 0;
          out.set(at, first + b.get(companion) * y.get(at) + c.get(companion));
        });
  }

  @Override
  public void gemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      Tensor a,
      Tensor b,
      Tensor row,
      boolean accumulate,
      Tensor c) {
    double[] left = a.toDoubles();
    double[] right = b.toDoubles();
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int p = 0; p < k; p++) {
          sum +=
              left[transposeA ? p * m + i : i * k + p] * right[transposeB ? j * k + p : p * n + j];
        }
        sum += row == null ? 0 : row.get(j);
        sum += accumulate ? c.get(i * n + j) : 0;
        c.set(i * n + j, sum);
      }
    }
  }

  @Override
  public void conv(
      ConvGeometry geometry, Tensor x, Tensor weight, Tensor bias, Clamp clamp, Tensor y) {
    double[] input = x.toDoubles();
    double[] filter = weight.toDoubles();
    double[] output = new double[y.count()];
    for (int i = 0; i < output.length && bias != null; i++) {
      output[i] = bias.get(i % geometry.outChannels());
    }
    ReferenceWindows.taps(geometry, (xi, wi, yi) -> output[yi] += input[xi] * filter[wi]);
    for (int i = 0; i < output.length && clamp != null; i++) {
      output[i] = Math.min(Math.max(output[i], clamp.low()), clamp.high());
    }
    store(output, y);
  }

  @Override
  public void convGradInput(ConvGeometry geometry, Tensor dy, Tensor weight, Tensor dx) {
    double[] upstream = dy.toDoubles();
    double[] filter = weight.toDoubles();
    double[] gradient = new double[dx.count()];
    ReferenceWindows.taps(geometry, (xi, wi, yi) -> gradient[xi] += upstream[yi] * filter[wi]);
    store(gradient, dx);
  }

  @Override
  public void convGradWeight(ConvGeometry geometry, Tensor x, Tensor dy, Tensor dw) {
    double[] input = x.toDoubles();
    double[] upstream = dy.toDoubles();
    double[] gradient = new double[dw.count()];
    ReferenceWindows.taps(geometry, (xi, wi, yi) -> gradient[wi] += input[xi] * upstream[yi]);
    store(gradient, dw);
  }

  @Override
  public void maxPool(PoolGeometry geometry, Tensor x, Tensor y, Tensor index) {
    double[] input = x.toDoubles();
    double[] best = new double[y.count()];
    Arrays.fill(best, Double.NEGATIVE_INFINITY);
    int[] winner = new int[y.count()];
    Arrays.fill(winner, -1);
    ReferenceWindows.windows(
        geometry,
        (xi, position, yi, divisor) -> {
          boolean firstNaN = Double.isNaN(input[xi]) && !Double.isNaN(best[yi]);
          if (winner[yi] < 0 || input[xi] > best[yi] || firstNaN) {
            best[yi] = input[xi];
            winner[yi] = position;
          }
        });
    store(best, y);
    System.arraycopy(winner, 0, index.i32(), 0, winner.length);
  }

  @Override
  public void maxPoolGrad(PoolGeometry geometry, Tensor dy, Tensor index, Tensor dx) {
    double[] upstream = dy.toDoubles();
    int[] winner = index.i32();
    double[] gradient = new double[dx.count()];
    ReferenceWindows.windows(
        geometry,
        (xi, position, yi, divisor) -> gradient[xi] += winner[yi] == position ? upstream[yi] : 0);
    store(gradient, dx);
  }

  @Override
  public void averagePool(PoolGeometry geometry, Tensor x, Tensor y) {
    double[] input = x.toDoubles();
    double[] output = new double[y.count()];
    ReferenceWindows.windows(
        geometry, (xi, position, yi, divisor) -> output[yi] += input[xi] / divisor);
    store(output, y);
  }

  @Override
  public void averagePoolGrad(PoolGeometry geometry, Tensor dy, Tensor dx) {
    double[] upstream = dy.toDoubles();
    double[] gradient = new double[dx.count()];
    ReferenceWindows.windows(
        geometry, (xi, position, yi, divisor) -> gradient[xi] += upstream[yi] / divisor);
    store(gradient, dx);
  }

  @Override
  public void permute(Tensor x, int[] order, Tensor y) {
    double[] input = x.toDoubles();
    Shape from = x.shape();
    int rank = from.rank();
    for (int at = 0; at < y.count(); at++) {
      int source = 0;
      int rest = at;
      for (int axis = rank - 1; axis >= 0; axis--) {
        int size = from.size(order[axis]);
        source += rest % size * from.count(order[axis] + 1, rank);
        rest /= size;
      }
      y.set(at, input[source]);
    }
  }

  @Override
  public void gather(Tensor x, Tensor index, Span span, Tensor y) {
    int[] indices = index.i32();
    each(
        new Span(span.outer(), indices.length, span.inner()),
        (at, companion) -> {
          int from = moved(span, indices.length, indices, at);
          y.set(at, from < 0 ? 0 : x.get(from));
        });
  }

  @Override
  public void scatterAdd(Tensor x, Tensor index, Span span, Tensor y) {
    int[] indices = index.i32();
    double[] result = new double[span.count()];
    each(
        new Span(span.outer(), indices.length, span.inner()),
        (at, companion) -> {
          int to = moved(span, indices.length, indices, at);
          if (to >= 0) {
            result[to] += x.get(at);
          }
        });
    store(result, y);
  }

  @Override
  public IntegerKernels integers() {
    return new ReferenceIntegers();
  }

  /**
   * Returns where element {@code at} of {@code [o, k, i]} lies in {@code [o, index[k], i]} of the
   * span, or -1.
   */
  private static int moved(Span span, int count, int[] indices, int at) {
    int inner = at % span.inner();
    int middle = indices[at / span.inner() % count];
    int outer = at / span.inner() / count;
    return middle < 0 ? -1 : (outer * span.middle() + middle) * span.inner() + inner;
  }

  @FunctionalInterface
  private interface Element {
    void visit(int at, int companion);
  }

  private static void each(Span span, Element element) {
    int at = 0;
    for (int o = 0; o < span.outer(); o++) {
      for (int m = 0; m < span.middle(); m++) {
        for (int i = 0; i < span.inner(); i++) {
          element.visit(at++, o * span.inner() + i);
        }
      }
    }
  }

  private static void store(double[] values, Tensor tensor) {
    for (int i = 0; i < values.length; i++) {
      tensor.set(i, values[i]);
    }
  }

  /** Returns this set, which knows one way only. */
  @Override
  public Kernels withSparse(SparseMode mode) {
    return this;
  }

  @Override
  public boolean isSparse(ConvGeometry geometry, Tensor weight) {
    return false;
  }
}
