package org.espalier.tensor.internal;

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
import org.espalier.tensor.parallel.Parallel;

/**
 * Computes F32 with plain loops that the JIT compiler turns into vector code: what runs where the
 * Vector API does not.
 *
 * <p>This class unwraps tensors and shares work out; the loops are in the {@code Scalar*} classes
 * beside it. No fused multiply-add: where the processor lacks it, {@code Math.fma} is a hundred
 * times slower than a product and a sum.
 */
public class ScalarKernels implements Kernels {
  private final RowLoops rows;
  private final SparseLoops sparse;
  private final SparseChoice choice;

  /** Creates the set. */
  public ScalarKernels() {
    this(SparseMode.AUTO);
  }

  private ScalarKernels(SparseMode mode) {
    this(new ScalarRows(), new ScalarSparse(), SparseChoice.scalar(mode));
  }

  /** Creates the set with other loops, and another choice when to leave out zeros. */
  ScalarKernels(RowLoops rows, SparseLoops sparse, SparseChoice choice) {
    this.rows = rows;
    this.sparse = sparse;
    this.choice = choice;
  }

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public void unary(Unary op, double a, double b, Tensor x, Tensor y) {
    float[] in = x.f32();
    float[] out = y.f32();
    Parallel.range(
        y.count(),
        Parallel.grain(ScalarElementwise.cost(op)),
        (from, to) -> ScalarElementwise.unary(op, a, b, in, out, from, to));
  }

  @Override
  public void unaryGrad(Unary op, double a, double b, Tensor x, Tensor y, Tensor dy, Tensor dx) {
    float[] in = x == null ? null : x.f32();
    float[] out = y == null ? null : y.f32();
    float[] upstream = dy.f32();
    float[] gradient = dx.f32();
    Parallel.range(
        dx.count(),
        Parallel.grain(ScalarElementwise.cost(op)),
        (from, to) -> ScalarUnaryGrad.apply(op, a, b, in, out, upstream, gradient, from, to));
  }

  @Override
  public void binary(Binary op, Tensor x, Tensor y, Span span, Tensor out) {
    float[] left = x.f32();
    float[] right = y.f32();
    float[] result = out.f32();
    if (span.middle() == 1) {
      Parallel.range(
          span.count(),
          Parallel.GRAIN,
          (from, to) -> ScalarElementwise.binary(op, left, right, result, from, to));
    } else {
      SpanWalk.each(span, rows.periodic(), rows.binary(op, left, result), right);
    }
  }

  @Override
  public void addScaled(double factor, Tensor x, Tensor y) {
    float[] term = x.f32();
    float[] sum = y.f32();
    Parallel.range(
        y.count(),
        Parallel.GRAIN,
        (from, to) -> ScalarElementwise.addScaled((float) factor, term, sum, from, to));
  }

  @Override
  public void reduce(Reduction reduction, Tensor x, Span span, Tensor y) {
    boolean maximum = reduction == Reduction.MAX;
    SpanWalk.Fold fold = maximum ? rows.maximum(x.f32()) : rows.sum(x.f32());
    double[][] result = SpanWalk.reduce(span, 1, maximum, rows.periodic(), fold);
    store(result[0], reduction == Reduction.MEAN ? 1.0 / span.middle() : 1, y);
    Scratch.give(result);
  }

  @Override
  public void scaleShift(
      Tensor x, Tensor scale, Tensor shift, Span span, boolean rectify, Tensor y) {
    float[] factor = scale == null ? null : scale.f32();
    float[] term = shift == null ? null : shift.f32();
    SpanWalk.Stretch body = rows.scaleShift(x.f32(), rectify, y.f32());
    SpanWalk.each(span, rows.periodic(), body, factor, term);
  }

  @Override
  public void moments(Tensor x, Span span, Tensor mean, Tensor variance) {
    SpanWalk.Fold sum = rows.sum(x.f32());
    SpanWalk.Fold deviations = rows.deviations(x.f32());
    double[][] moments = SpanWalk.moments(span, rows.periodic(), sum, deviations);
    store(moments[0], 1, mean);
    store(moments[1], 1, variance);
    Scratch.give(moments);
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
    SpanWalk.Fold fold = rows.normSums(dy.f32(), x.f32());
    float[] factor = scale == null ? null : scale.f32();
    float[] term = shift == null ? null : shift.f32();
    double[][] sums =
        SpanWalk.reduce(span, 2, false, rows.periodic(), fold, mean.f32(), factor, term);
    float[] inverse = inverseDeviation.f32();
    for (int i = 0; i < product.count(); i++) {
      sums[1][i] *= inverse[i];
    }
    store(sums[0], 1, sum);
    store(sums[1], 1, product);
    Scratch.give(sums);
  }

  @Override
  public void combine(
      Tensor x, Tensor a, Tensor y, Tensor b, Tensor c, Tensor shift, Span span, Tensor out) {
    SpanWalk.Stretch body = rows.combine(x.f32(), y.f32(), out.f32());
    float[] term = shift == null ? null : shift.f32();
    SpanWalk.each(span, rows.periodic(), body, a.f32(), b.f32(), c.f32(), term);
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
    float[] terms = row == null ? null : row.f32();
    if (sparseProduct(transposeA, transposeB, m, n, k, a, b, terms, accumulate, c)) {
      return;
    }
    ScalarGemm.gemm(transposeA, transposeB, m, n, k, a.f32(), b.f32(), terms, accumulate, c.f32());
  }

  @Override
  public void conv(
      ConvGeometry geometry, Tensor x, Tensor weight, Tensor bias, Clamp clamp, Tensor y) {
    if (sparseConv(geometry, x, weight, bias, clamp, y)) {
      return;
    }
    ScalarConv.forward(geometry, x.f32(), weight.f32(), bias == null ? null : bias.f32(), y.f32());
    clamp(clamp, y);
  }

  /** Computes a product without the zeros of a frozen right side, if that pays, and tells so. */
  final boolean sparseProduct(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      Tensor a,
      Tensor b,
      float[] row,
      boolean accumulate,
      Tensor c) {
    if (transposeA || !transposeB || accumulate || b.prepacked() == null) {
      return false;
    }
    ConvGeometry product = ConvGeometry.product(m, k, n);
    boolean pays = isSparse(product, b);
    if (pays) {
      SparseConv.forward(product, sparse, a.f32(), b, row, null, c.f32());
    }
    return pays;
  }

  /** Computes a convolution without the zeros of a frozen weight, if that pays, and tells so. */
  final boolean sparseConv(
      ConvGeometry geometry, Tensor x, Tensor weight, Tensor bias, Clamp clamp, Tensor y) {
    boolean pays = isSparse(geometry, weight);
    if (pays) {
      float[] start = bias == null ? null : bias.f32();
      SparseConv.forward(geometry, sparse, x.f32(), weight, start, clamp, y.f32());
    }
    return pays;
  }

  @Override
  public Kernels withSparse(SparseMode mode) {
    return new ScalarKernels(mode);
  }

  @Override
  public final boolean isSparse(ConvGeometry geometry, Tensor weight) {
    return choice.serves(geometry, weight);
  }

  /** Clamps in place, if there is an interval. */
  static void clamp(Clamp clamp, Tensor y) {
    if (clamp != null) {
      float[] values = y.f32();
      Parallel.range(
          y.count(),
          Parallel.GRAIN,
          (from, to) -> ScalarElementwise.clamp(clamp, values, from, to));
    }
  }

  @Override
  public void convGradInput(ConvGeometry geometry, Tensor dy, Tensor weight, Tensor dx) {
    ScalarConv.gradInput(geometry, dy.f32(), weight.f32(), dx.f32());
  }

  @Override
  public void convGradWeight(ConvGeometry geometry, Tensor x, Tensor dy, Tensor dw) {
    ScalarConv.gradWeight(geometry, x.f32(), dy.f32(), dw.f32());
  }

  @Override
  public void maxPool(PoolGeometry geometry, Tensor x, Tensor y, Tensor index) {
    ScalarPool.max(geometry, x.f32(), y.f32(), index.i32());
  }

  @Override
  public void maxPoolGrad(PoolGeometry geometry, Tensor dy, Tensor index, Tensor dx) {
    ScalarPool.maxGrad(geometry, dy.f32(), index.i32(), dx.f32());
  }

  @Override
  public void averagePool(PoolGeometry geometry, Tensor x, Tensor y) {
    ScalarPool.average(geometry, x.f32(), y.f32());
  }

  @Override
  public void averagePoolGrad(PoolGeometry geometry, Tensor dy, Tensor dx) {
    ScalarPool.averageGrad(geometry, dy.f32(), dx.f32());
  }

  @Override
  public void permute(Tensor x, int[] order, Tensor y) {
    ScalarMove.permute(x.shape(), order, x.f32(), y.f32());
  }

  @Override
  public void gather(Tensor x, Tensor index, Span span, Tensor y) {
    ScalarMove.gather(x.f32(), index.i32(), span, y.f32());
  }

  @Override
  public void scatterAdd(Tensor x, Tensor index, Span span, Tensor y) {
    ScalarMove.scatterAdd(x.f32(), index.i32(), span, y.f32());
  }

  private static void store(double[] values, double factor, Tensor tensor) {
    float[] out = tensor.f32();
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (values[i] * factor);
    }
  }

  @Override
  public IntegerKernels integers() {
    return new FloatIntegers(new ScalarCodes(), ScalarCodes::product);
  }
}
