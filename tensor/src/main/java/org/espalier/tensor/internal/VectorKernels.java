package org.espalier.tensor.internal;

import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.IntegerKernels;
import org.espalier.tensor.kernel.Kernels;
import org.espalier.tensor.kernel.PoolGeometry;
import org.espalier.tensor.kernel.Span;
import org.espalier.tensor.kernel.SparseMode;
import org.espalier.tensor.kernel.Unary;
import org.espalier.tensor.parallel.Parallel;

/**
 * Computes F32 with the Vector API where measurements show that it beats the plain loops it
 * inherits.
 */
public final class VectorKernels extends ScalarKernels {
  /** Creates the set. */
  public VectorKernels() {
    this(SparseMode.AUTO);
  }

  private VectorKernels(SparseMode mode) {
    super(new VectorRows(), new VectorSparse(), SparseChoice.vector(mode));
  }

  @Override
  public Kernels withSparse(SparseMode mode) {
    return new VectorKernels(mode);
  }

  @Override
  public String name() {
    return "vector";
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
    VectorGemm.gemm(
        transposeA,
        transposeB,
        m,
        n,
        k,
        a.f32(),
        VectorWeight.of(b),
        terms,
        accumulate,
        null,
        c.f32());
  }

  @Override
  public void unary(Unary op, double a, double b, Tensor x, Tensor y) {
    if (!VectorExp.serves(op, y.count())) {
      super.unary(op, a, b, x, y);
      return;
    }
    float[] in = x.f32();
    float[] out = y.f32();
    Parallel.range(
        y.count(), Parallel.GRAIN / 4, (from, to) -> VectorExp.unary(op, in, out, from, to));
  }

  @Override
  public void unaryGrad(Unary op, double a, double b, Tensor x, Tensor y, Tensor dy, Tensor dx) {
    if (op != Unary.SILU) {
      super.unaryGrad(op, a, b, x, y, dy, dx);
      return;
    }
    float[] in = x.f32();
    float[] upstream = dy.f32();
    float[] gradient = dx.f32();
    Parallel.range(
        dx.count(),
        Parallel.GRAIN / 4,
        (from, to) -> VectorExp.siluGrad(in, upstream, gradient, from, to));
  }

  @Override
  public void conv(
      ConvGeometry geometry, Tensor x, Tensor weight, Tensor bias, Clamp clamp, Tensor y) {
    if (sparseConv(geometry, x, weight, bias, clamp, y)) {
      return;
    }
    float[] start = bias == null ? null : bias.f32();
    if (ScalarDepthwise.serves(geometry)) {
      VectorDepthwise.forward(geometry, x.f32(), weight.f32(), start, clamp, y.f32());
    } else {
      VectorConv.forward(geometry, x.f32(), VectorWeight.of(weight), start, clamp, y.f32());
    }
  }

  @Override
  public void convGradInput(ConvGeometry geometry, Tensor dy, Tensor weight, Tensor dx) {
    if (ScalarDepthwise.serves(geometry)) {
      VectorDepthwise.gradInput(geometry, dy.f32(), weight.f32(), dx.f32());
    } else {
      VectorConv.gradInput(geometry, dy.f32(), VectorWeight.of(weight), dx.f32());
    }
  }

  @Override
  public void convGradWeight(ConvGeometry geometry, Tensor x, Tensor dy, Tensor dw) {
    if (ScalarDepthwise.serves(geometry)) {
      VectorDepthwise.gradWeight(geometry, x.f32(), dy.f32(), dw.f32());
    } else {
      VectorConv.gradWeight(geometry, x.f32(), dy.f32(), dw.f32());
    }
  }

  @Override
  public void maxPool(PoolGeometry geometry, Tensor x, Tensor y, Tensor index) {
    VectorPool.max(geometry, x.f32(), y.f32(), index.i32());
  }

  @Override
  public void averagePool(PoolGeometry geometry, Tensor x, Tensor y) {
    VectorPool.average(geometry, x.f32(), y.f32());
  }

  @Override
  public void averagePoolGrad(PoolGeometry geometry, Tensor dy, Tensor dx) {
    VectorPool.averageGrad(geometry, dy.f32(), dx.f32());
  }

  @Override
  public void scatterAdd(Tensor x, Tensor index, Span span, Tensor y) {
    if (VectorScatter.serves(index.i32(), span)) {
      VectorScatter.run(x.f32(), index.i32(), span, y.f32());
    } else {
      super.scatterAdd(x, index, span, y);
    }
  }

  @Override
  public IntegerKernels integers() {
    CodeLoops loops = VectorCodes.isServed() ? new VectorCodes() : new ScalarCodes();
    return new FloatIntegers(
        loops,
        (g, x, weight, kept, y) -> VectorConv.direct(g, x, new VectorWeight(weight, kept), y));
  }
}
