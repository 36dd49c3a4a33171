package org.espalier.bench.peers;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Random;
import org.ejml.concurrency.EjmlConcurrency;
import org.ejml.data.FMatrixRMaj;
import org.ejml.dense.row.CommonOps_FDRM;
import org.ejml.dense.row.CommonOps_MT_FDRM;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Kernels;

/**
 * One product of matrices, {@code [m, k] · [k, n]}, and each engine's way to do it.
 *
 * @param m rows of the result
 * @param n columns of the result
 * @param k length of the sums
 * @param transposeA whether the left operand is stored transposed
 * @param transposeB whether the right operand is stored transposed
 */
record Product(int m, int n, int k, boolean transposeA, boolean transposeB) {
  /** Returns the product of two square matrices as they are. */
  static Product square(int n) {
    return new Product(n, n, n, false, false);
  }

  String name() {
    return m + "x" + n + "x" + k + " " + (transposeA ? "T" : "N") + (transposeB ? "T" : "N");
  }

  float[] left(long seed) {
    return Noise.of(new Random(seed), m * k);
  }

  float[] right(long seed) {
    return Noise.of(new Random(seed + 1), k * n);
  }

  /** Our side, with a set of kernels. */
  static final class Ours implements Side {
    private final Kernels kernels;
    private final Product product;
    private final Tensor a;
    private final Tensor b;
    private final Tensor c;

    Ours(Product product, Kernels kernels, long seed) {
      this.kernels = kernels;
      this.product = product;
      a = Tensor.of(Shape.of(product.m, product.k), product.left(seed));
      b = Tensor.of(Shape.of(product.k, product.n), product.right(seed));
      c = Tensor.zeros(product.m, product.n);
    }

    @Override
    public void run() {
      kernels.gemm(
          product.transposeA,
          product.transposeB,
          product.m,
          product.n,
          product.k,
          a,
          b,
          null,
          false,
          c);
    }

    @Override
    public List<float[]> outputs() {
      return List.of(c.f32());
    }
  }

  /** The side of libtorch. */
  static final class Libtorch extends Torch.TorchSide {
    private final NDArray a;
    private final NDArray b;

    Libtorch(Product product, long seed) {
      float[] left = product.left(seed);
      float[] right = product.right(seed);
      a =
          product.transposeA
              ? array(left, product.k, product.m).transpose()
              : array(left, product.m, product.k);
      b =
          product.transposeB
              ? array(right, product.n, product.k).transpose()
              : array(right, product.k, product.n);
    }

    @Override
    public void run() {
      keep(a.matMul(b));
    }
  }

  /** The side of EJML; operands as they are. */
  static final class Ejml implements Side {
    private final boolean concurrent;
    private final FMatrixRMaj a;
    private final FMatrixRMaj b;
    private final FMatrixRMaj c;

    Ejml(Product product, long seed, int threads) {
      concurrent = threads > 1;
      EjmlConcurrency.setMaxThreads(threads);
      a = FMatrixRMaj.wrap(product.m, product.k, product.left(seed));
      b = FMatrixRMaj.wrap(product.k, product.n, product.right(seed));
      c = new FMatrixRMaj(product.m, product.n);
    }

    @Override
    public void run() {
      if (concurrent) {
        CommonOps_MT_FDRM.mult(a, b, c);
      } else {
        CommonOps_FDRM.mult(a, b, c);
      }
    }

    @Override
    public List<float[]> outputs() {
      return List.of(c.data);
    }
  }
}
