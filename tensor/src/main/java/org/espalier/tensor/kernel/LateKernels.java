package org.espalier.tensor.kernel;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.espalier.tensor.Tensor;

/**
 * Puts off loading and checking the set that the process will use until there is work for it: cold
 * vector code costs the better part of a second, a small product by plain loops some milliseconds.
 *
 * <p>The first products run on loops that compute the same bits, so that nothing depends on when
 * the change comes; everything else, and the name, asks for the chosen set at once.
 */
final class LateKernels implements Kernels {
  /**
   * Multiply-adds that plain loops do first, those of four products of 256: 30 ms, a tenth of what
   * cold vector code takes.
   */
  private static final long ENOUGH = 1L << 26;

  /** The share of nonzero weights from which on every product is dense. */
  private static final double DENSE = 0.5;

  private final EarlyProduct early;
  private final Supplier<Kernels> late;
  private final AtomicLong work = new AtomicLong();

  /**
   * Creates the set.
   *
   * @param early computes products bit by bit as the chosen set does
   * @param late loads the chosen set when first asked, and returns it
   */
  LateKernels(EarlyProduct early, Supplier<Kernels> late) {
    this.early = early;
    this.late = late;
  }

  /** Tells whether a product is among the first, and counts it. */
  private boolean isEarly(int m, int n, int k) {
    if (work.getPlain() > ENOUGH) {
      return false;
    }
    // Counted as if every side had some length: loops over short rows are slow.
    return work.addAndGet((long) Math.max(16, m) * Math.max(16, n) * Math.max(16, k)) <= ENOUGH;
  }

  /** Tells whether the chosen set may leave out zeros, which would show in the bits. */
  private static boolean mayBeSparse(Tensor weight) {
    return weight.prepacked() != null && Density.of(weight).share() < DENSE;
  }

  @Override
  public String name() {
    return late.get().name();
  }

  @Override
  public void unary(Unary op, double a, double b, Tensor x, Tensor y) {
    late.get().unary(op, a, b, x, y);
  }

  @Override
  public void unaryGrad(Unary op, double a, double b, Tensor x, Tensor y, Tensor dy, Tensor dx) {
    late.get().unaryGrad(op, a, b, x, y, dy, dx);
  }

  @Override
  public void binary(Binary op, Tensor x, Tensor y, Span span, Tensor out) {
    late.get().binary(op, x, y, span, out);
  }

  @Override
  public void addScaled(double factor, Tensor x, Tensor y) {
    late.get().addScaled(factor, x, y);
  }

  @Override
  public void reduce(Reduction reduction, Tensor x, Span span, Tensor y) {
    late.get().reduce(reduction, x, span, y);
  }

  @Override
  public void scaleShift(
      Tensor x, Tensor scale, Tensor shift, Span span, boolean rectify, Tensor y) {
    late.get().scaleShift(x, scale, shift, span, rectify, y);
  }

  @Override
  public void moments(Tensor x, Span span, Tensor mean, Tensor variance) {
    late.get().moments(x, span, mean, variance);
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
    late.get().normSums(dy, x, mean, inverseDeviation, scale, shift, span, sum, product);
  }

  @Override
  public void combine(
      Tensor x, Tensor a, Tensor y, Tensor b, Tensor c, Tensor shift, Span span, Tensor out) {
    late.get().combine(x, a, y, b, c, shift, span, out);
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
    if (!mayBeSparse(b) && isEarly(m, n, k)) {
      float[] terms = row == null ? null : row.f32();
      early.run(transposeA, transposeB, m, n, k, a.f32(), b.f32(), terms, accumulate, c.f32());
    } else {
      late.get().gemm(transposeA, transposeB, m, n, k, a, b, row, accumulate, c);
    }
  }

  @Override
  public void conv(
      ConvGeometry geometry, Tensor x, Tensor weight, Tensor bias, Clamp clamp, Tensor y) {
    late.get().conv(geometry, x, weight, bias, clamp, y);
  }

  @Override
  public void convGradInput(ConvGeometry geometry, Tensor dy, Tensor weight, Tensor dx) {
    late.get().convGradInput(geometry, dy, weight, dx);
  }

  @Override
  public void convGradWeight(ConvGeometry geometry, Tensor x, Tensor dy, Tensor dw) {
    late.get().convGradWeight(geometry, x, dy, dw);
  }

  @Override
  public void maxPool(PoolGeometry geometry, Tensor x, Tensor y, Tensor index) {
    late.get().maxPool(geometry, x, y, index);
  }

  @Override
  public void maxPoolGrad(PoolGeometry geometry, Tensor dy, Tensor index, Tensor dx) {
    late.get().maxPoolGrad(geometry, dy, index, dx);
  }

  @Override
  public void averagePool(PoolGeometry geometry, Tensor x, Tensor y) {
    late.get().averagePool(geometry, x, y);
  }

  @Override
  public void averagePoolGrad(PoolGeometry geometry, Tensor dy, Tensor dx) {
    late.get().averagePoolGrad(geometry, dy, dx);
  }

  @Override
  public void permute(Tensor x, int[] order, Tensor y) {
    late.get().permute(x, order, y);
  }

  @Override
  public void gather(Tensor x, Tensor index, Span span, Tensor y) {
    late.get().gather(x, index, span, y);
  }

  @Override
  public void scatterAdd(Tensor x, Tensor index, Span span, Tensor y) {
    late.get().scatterAdd(x, index, span, y);
  }

  @Override
  public IntegerKernels integers() {
    return late.get().integers();
  }

  @Override
  public Kernels withSparse(SparseMode mode) {
    return late.get().withSparse(mode);
  }

  @Override
  public boolean isSparse(ConvGeometry geometry, Tensor weight) {
    return late.get().isSparse(geometry, weight);
  }
}
