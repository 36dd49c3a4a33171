package org.espalier.tensor.internal;

import org.espalier.tensor.Tensor;

/**
 * Multiplies matrices with plain loops of fused multiply-adds, bit by bit as {@link VectorKernels}
 * does: what small products run on before the vector classes are worth loading. Only for processors
 * with fused multiply-add, and only for products; all else is the plain set's.
 */
public final class FusedKernels extends ScalarKernels {
  /** Creates the set. */
  public FusedKernels() {
    super(new ScalarRows());
  }

  @Override
  public String name() {
    return "fused";
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
    ScalarGemm.fused(transposeA, transposeB, m, n, k, a.f32(), b.f32(), terms, accumulate, c.f32());
  }
}
