package org.espalier.bench.peers;

import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.ejml.concurrency.EjmlConcurrency;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_MT_DDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F64;
import org.ejml.interfaces.decomposition.DecompositionInterface;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.ejml.interfaces.decomposition.QRDecomposition;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;
import org.espalier.bench.peers.Factors.Factor;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Cholesky;
import org.espalier.tensor.linalg.Eigen;
import org.espalier.tensor.linalg.Qr;
import org.espalier.tensor.linalg.Svd;

/** Factorisations of random matrices in double precision, all factors made explicit. */
final class LinalgGroup implements Group {
  @Override
  public List<Contest> contests(int threads) {
    boolean concurrent = threads > 1;
    return List.of(
        svd(64, 576, threads),
        svd(512, 4608, threads),
        contest(
            "eigen 512",
            threads,
            () -> symmetric(512),
            LinalgGroup::eigen,
            matrix -> eigen(matrix, concurrent)),
        contest(
            "cholesky 1024",
            threads,
            () -> positive(1024),
            matrix -> Factors.of(Factor.of(Cholesky.of(matrix).lower())),
            matrix -> cholesky(matrix, concurrent)),
        contest(
            "qr 1024x512",
            threads,
            () -> noise(1024, 512),
            LinalgGroup::qr,
            matrix -> qr(matrix, concurrent)));
  }

  private static Contest svd(int m, int n, int threads) {
    return contest(
        "svd " + m + "x" + n,
        threads,
        () -> noise(m, n),
        LinalgGroup::svd,
        matrix -> svd(matrix, threads > 1));
  }

  private static Contest contest(
      String name,
      int threads,
      Supplier<DMatrixRMaj> input,
      Function<Tensor, Factors> ours,
      Function<DMatrixRMaj, Factors> theirs) {
    return new Contest(
        "linalg",
        name,
        "ejml",
        () -> {
          EjmlConcurrency.setMaxThreads(threads);
          DMatrixRMaj matrix = input.get();
          Tensor same = Tensor.of(Shape.of(matrix.numRows, matrix.numCols), matrix.data.clone());
          return new Sides(new Work<>(same, ours), new Work<>(matrix, theirs));
        });
  }

  /** Factors one matrix again and again. */
  private static final class Work<M> implements Side {
    private final M matrix;
    private final Function<M, Factors> how;
    private Factors last;

    Work(M matrix, Function<M, Factors> how) {
      this.matrix = matrix;
      this.how = how;
    }

    @Override
    public void run() {
      last = how.apply(matrix);
    }

    @Override
    public List<float[]> outputs() {
      return last.outputs();
    }
  }

  private static Factors svd(Tensor matrix) {
    Svd svd = Svd.of(matrix);
    return Factors.of(svd.singularValues().toDoubles(), Factor.of(svd.u()), Factor.of(svd.v()));
  }

  private static Factors svd(DMatrixRMaj matrix, boolean concurrent) {
    int m = matrix.numRows;
    int n = matrix.numCols;
    SingularValueDecomposition_F64<DMatrixRMaj> svd =
        concurrent
            ? DecompositionFactory_MT_DDRM.svd(m, n, true, true, true)
            : DecompositionFactory_DDRM.svd(m, n, true, true, true);
    decompose(svd, matrix);
    return Factors.of(
        svd.getSingularValues(),
        Factor.of(svd.getU(null, false)),
        Factor.of(svd.getV(null, false)));
  }

  private static Factors eigen(Tensor matrix) {
    Eigen eigen = Eigen.of(matrix);
    return Factors.of(eigen.values().toDoubles(), Factor.of(eigen.vectors()));
  }

  private static Factors eigen(DMatrixRMaj matrix, boolean concurrent) {
    int n = matrix.numRows;
    EigenDecomposition_F64<DMatrixRMaj> eigen =
        concurrent
            ? DecompositionFactory_MT_DDRM.eig(n, true, true)
            : DecompositionFactory_DDRM.eig(n, true, true);
    decompose(eigen, matrix);
    double[] values =
        IntStream.range(0, n).mapToDouble(i -> eigen.getEigenvalue(i).getReal()).toArray();
    return Factors.of(
        values, new Factor(n, n, (row, column) -> eigen.getEigenVector(column).get(row)));
  }

  private static Factors cholesky(DMatrixRMaj matrix, boolean concurrent) {
    CholeskyDecomposition_F64<DMatrixRMaj> cholesky =
        concurrent
            ? DecompositionFactory_MT_DDRM.chol(matrix.numRows, true)
            : DecompositionFactory_DDRM.chol(matrix.numRows, true);
    decompose(cholesky, matrix);
    return Factors.of(Factor.of(cholesky.getT(null)));
  }

  private static Factors qr(Tensor matrix) {
    Qr qr = Qr.of(matrix);
    return Factors.of(Factor.of(qr.q()), Factor.of(qr.r()));
  }

  private static Factors qr(DMatrixRMaj matrix, boolean concurrent) {
    QRDecomposition<DMatrixRMaj> qr =
        concurrent
            ? DecompositionFactory_MT_DDRM.qr(matrix.numRows, matrix.numCols)
            : DecompositionFactory_DDRM.qr(matrix.numRows, matrix.numCols);
    decompose(qr, matrix);
    return Factors.of(Factor.of(qr.getQ(null, true)), Factor.of(qr.getR(null, true)));
  }

  private static void decompose(DecompositionInterface<DMatrixRMaj> how, DMatrixRMaj matrix) {
    if (!how.decompose(how.inputModified() ? matrix.copy() : matrix)) {
      throw new IllegalStateException("the peer's factorisation failed");
    }
  }

  private static DMatrixRMaj noise(int m, int n) {
    return DMatrixRMaj.wrap(m, n, new Random().doubles((long) m * n, -1, 1).toArray());
  }

  private static DMatrixRMaj symmetric(int n) {
    DMatrixRMaj matrix = noise(n, n);
    return CommonOps_DDRM.add(matrix, CommonOps_DDRM.transpose(matrix, null), null);
  }

  private static DMatrixRMaj positive(int n) {
    DMatrixRMaj product = new DMatrixRMaj(n, n);
    DMatrixRMaj matrix = noise(n, n);
    CommonOps_DDRM.multTransB(matrix, matrix, product);
    return CommonOps_DDRM.add(product, CommonOps_DDRM.identity(n), null);
  }
}
