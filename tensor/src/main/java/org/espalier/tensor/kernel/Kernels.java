package org.espalier.tensor.kernel;

import org.espalier.tensor.Tensor;

/**
 * Does all heavy arithmetic, on whole tensors; every method serves F32, and the reference set F64
 * too.
 *
 * <p>Callers have checked shapes; a kernel checks nothing but element types (by unwrapping them).
 * Outputs are written completely and may come dirty; inputs are not modified; an output must not
 * share a buffer with an input unless a method says that it may. Results do not depend on the
 * number of threads. Which algorithm a method uses is its own affair.
 */
public interface Kernels {
  /** Returns the name of this set: {@code scalar}, {@code vector} or {@code reference}. */
  String name();

  /** Computes {@code y = op(x; a, b)} elementwise; y may share x's buffer. */
  void unary(Unary op, double a, double b, Tensor x, Tensor y);

  /**
   * Computes {@code dx = op'(x, y; a, b) · dy} elementwise; x or y may be null where {@link
   * Unary#derivativeFromOutput} allows (x null) or does not (y null).
   */
  void unaryGrad(Unary op, double a, double b, Tensor x, Tensor y, Tensor dy, Tensor dx);

  /**
   * Computes {@code out[o,m,i] = op(x[o,m,i], y[o,i])}; out may share x's buffer, and y's where
   * nothing is broadcast.
   */
  void binary(Binary op, Tensor x, Tensor y, Span span, Tensor out);

  /** Computes {@code y = y + factor · x} elementwise; y is modified. */
  void addScaled(double factor, Tensor x, Tensor y);

  /** Computes {@code y[o,i] = reduction over m of x[o,m,i]}. */
  void reduce(Reduction reduction, Tensor x, Span span, Tensor y);

  /**
   * Computes {@code y[o,m,i] = x[o,m,i] · scale[o,i] + shift[o,i]}, and its maximum with 0 if told
   * to rectify; scale or shift may be null; y may share x's buffer.
   */
  void scaleShift(Tensor x, Tensor scale, Tensor shift, Span span, boolean rectify, Tensor y);

  /**
   * Computes mean and biased variance over m: {@code mean[o,i]}, {@code variance[o,i] = mean of (x
   * - mean)²}.
   */
  void moments(Tensor x, Span span, Tensor mean, Tensor variance);

  /**
   * Computes the two sums that the gradient of a normalisation needs: {@code sum[o,i] = Σ_m dy},
   * {@code product[o,i] = Σ_m dy · (x - mean) · inverseDeviation}. Where scale and shift are given,
   * a rectifier followed and dy counts only where it was open, {@code scale · x + shift > 0}, by
   * the very arithmetic of {@link #scaleShift}.
   */
  void normSums(
      Tensor dy,
      Tensor x,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor scale,
      Tensor shift,
      Span span,
      Tensor sum,
      Tensor product);

  /**
   * Computes {@code out[o,m,i] = a[o,i] · x[o,m,i] + b[o,i] · y[o,m,i] + c[o,i]}; out may share x's
   * or y's buffer. Where a shift is given, a rectifier followed on {@code a · y + shift}, and x
   * counts only where it was open, as in {@link #normSums}.
   */
  void combine(
      Tensor x, Tensor a, Tensor y, Tensor b, Tensor c, Tensor shift, Span span, Tensor out);

  /**
   * Computes {@code c = op(a) · op(b) (+ row) (+ c)} for matrices of m×k and k×n after
   * transposition.
   *
   * @param transposeA a is stored as {@code [k, m]} instead of {@code [m, k]}
   * @param transposeB b is stored as {@code [n, k]} instead of {@code [k, n]}
   * @param row n numbers added to each row of c, or null
   * @param accumulate add to what c holds instead of overwriting it
   */
  void gemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      Tensor a,
      Tensor b,
      Tensor row,
      boolean accumulate,
      Tensor c);

  /**
   * Computes the convolution (cross-correlation) {@code y}; bias may be null. Where a clamp is
   * given, each output is clamped.
   */
  void conv(ConvGeometry geometry, Tensor x, Tensor weight, Tensor bias, Clamp clamp, Tensor y);

  /** Computes the gradient {@code dx} of a convolution; input elements never read get 0. */
  void convGradInput(ConvGeometry geometry, Tensor dy, Tensor weight, Tensor dx);

  /** Computes the gradient {@code dw} of a convolution. */
  void convGradWeight(ConvGeometry geometry, Tensor x, Tensor dy, Tensor dw);

  /**
   * Computes the maximum of each window; the first in scan order wins, NaN wins over all. {@code
   * index} (I32, y's shape) gets each winner's position {@code row · width + column}; -1 where a
   * window is empty (y is -infinity there).
   */
  void maxPool(PoolGeometry geometry, Tensor x, Tensor y, Tensor index);

  /** Computes the gradient of {@link #maxPool}: dy goes to each winner. */
  void maxPoolGrad(PoolGeometry geometry, Tensor dy, Tensor index, Tensor dx);

  /** Computes the sum of each window divided by the window's count. */
  void averagePool(PoolGeometry geometry, Tensor x, Tensor y);

  /** Computes the gradient of {@link #averagePool}. */
  void averagePoolGrad(PoolGeometry geometry, Tensor dy, Tensor dx);

  /** Computes {@code y} with axes permuted: axis j of y is axis {@code order[j]} of x. */
  void permute(Tensor x, int[] order, Tensor y);

  /**
   * Computes {@code y[o,k,i] = x[o,index[k],i]}, 0 where {@code index[k]} is -1; span is that of x.
   */
  void gather(Tensor x, Tensor index, Span span, Tensor y);

  /** Computes {@code y = 0; y[o,index[k],i] += x[o,k,i]}, skipping -1; span is that of y. */
  void scatterAdd(Tensor x, Tensor index, Span span, Tensor y);

  /** Returns the kernels of this set for I8 codes. */
  IntegerKernels integers();

  /**
   * Returns a set like this one that leaves out the zeros of frozen weights when told. Without
   * being told a set does so where it takes less time ({@link SparseMode#AUTO}).
   */
  Kernels withSparse(SparseMode mode);

  /**
   * Tells whether this set leaves out the zeros of a weight in a convolution, or, with a
   * {@linkplain ConvGeometry#product geometry of one pixel}, in a product with the transposed
   * weight.
   */
  boolean isSparse(ConvGeometry geometry, Tensor weight);
}
