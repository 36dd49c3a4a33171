package org.espalier.bench.peers;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ejml.concurrency.EjmlConcurrency;
import org.ejml.data.FMatrixRMaj;
import org.ejml.dense.row.CommonOps_FDRM;
import org.ejml.dense.row.CommonOps_MT_FDRM;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Kernels;

/** Products of matrices, square and awkward, plain and transposed. */
final class GemmGroup implements Group {
  private static final int[] SQUARES = {256, 512, 1024, 1152};
  private static final int[][] AWKWARD = {{65, 577, 131}, {10, 64, 128}};

  /** One product: {@code [m, k] · [k, n]}, each operand perhaps stored transposed. */
  private record Product(int m, int n, int k, boolean transposeA, boolean transposeB) {
    String name() {
      return m + "x" + n + "x" + k + " " + (transposeA ? "T" : "N") + (transposeB ? "T" : "N");
    }

    float[] left(long seed) {
      return Noise.of(new Random(seed), m * k);
    }

    float[] right(long seed) {
      return Noise.of(new Random(seed + 1), k * n);
    }
  }

  @Override
  public List<Contest> contests(int threads) {
    List<Contest> contests = new ArrayList<>();
    for (int n : SQUARES) {
      add(contests, new Product(n, n, n, false, false));
    }
    for (boolean transposeA : new boolean[] {false, true}) {
      add(contests, new Product(512, 512, 512, transposeA, !transposeA));
    }
    for (int[] sizes : AWKWARD) {
      add(contests, new Product(sizes[0], sizes[1], sizes[2], false, false));
      add(contests, new Product(sizes[0], sizes[1], sizes[2], false, true));
    }
    for (int n : new int[] {256, 512, 1024}) {
      Product product = new Product(n, n, n, false, false);
      long seed = System.nanoTime();
      contests.add(
          new Contest(
              "gemm",
              product.name(),
              () -> new Ours(product, seed),
              "ejml",
              () -> new Ejml(product, seed, threads)));
    }
    return contests;
  }

  private static void add(List<Contest> contests, Product product) {
    long seed = System.nanoTime();
    contests.add(
        new Contest(
            "gemm",
            product.name(),
            () -> new Ours(product, seed),
            "libtorch",
            () -> new TorchProduct(product, seed)));
  }

  private static final class Ours implements Side {
    private final Kernels kernels = KernelLookup.of(DType.F32);
    private final Product product;
    private final Tensor a;
    private final Tensor b;
    private final Tensor c;

    Ours(Product product, long seed) {
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
    public float[] output() {
      return c.f32();
    }
  }

  private static final class TorchProduct extends Torch.TorchSide {
    private final NDArray a;
    private final NDArray b;

    TorchProduct(Product product, long seed) {
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

  private static final class Ejml implements Side {
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
    public float[] output() {
      return c.data;
    }
  }
}
