package org.espalier.tensor.linalg;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Holds the eigenvalue decomposition {@code A = Q diag(λ) Qᵀ} of a symmetric matrix {@code [n, n]}:
 * eigenvalues <b>descending</b> (as {@link Svd} has it; {@code torch.linalg.eigh} ascends),
 * orthonormal eigenvectors as the columns of Q.
 *
 * <p>Signs: in every eigenvector the entry of largest magnitude is positive (the first one where
 * magnitudes agree to 1e-10). Vectors of equal eigenvalues are an arbitrary, but deterministic,
 * basis of their subspace.
 *
 * <p>Method: Householder reduction to tridiagonal form and implicit QR sweeps (Golub and Van Loan,
 * 8.3). Errors of eigenvalues are of the order of {@code ε max|λ|}.
 */
public final class Eigen {
  private final double[] values;
  private final Tensor vectors;

  private Eigen(double[] values, Tensor vectors) {
    this.values = values;
    this.vectors = vectors;
  }

  /**
   * Decomposes a symmetric matrix.
   *
   * @param matrix {@code [n, n]}, F32 or F64, not modified; mirrored entries may differ by rounding
   *     ({@code 4 n ε max|a|}, ε of the element type), their mean is used
   * @throws org.espalier.tensor.ShapeException if it is not square, or is empty
   * @throws org.espalier.tensor.DTypeException if it is not floating
   * @throws IllegalArgumentException if it is not symmetric, or an entry is NaN or infinite
   * @throws org.espalier.tensor.StateException if the sweeps do not converge
   * @throws ArithmeticException if an eigenvalue exceeds the range of a double
   */
  public static Eigen of(Tensor matrix) {
    double[][] a = Matrices.readSymmetric("eigen", matrix);
    int n = a.length;
    int exponent = Matrices.normalize(a);
    Tridiagonal reduced = new Tridiagonal(a);
    double[][] rows = Rows.transpose(reduced.q().columns(n), n, n);
    double[] values = reduced.diagonal();
    TridiagonalQr.diagonalize(
        values, reduced.offDiagonal(), new GivensSweeps(rows, n), matrix.shape().toString());
    int[] order = Matrices.descending(values);
    double[][] vectors = Matrices.columns(rows, order, n);
    Matrices.negateColumns(vectors, Matrices.columnsPointingBackwards(vectors, n));
    return new Eigen(
        Matrices.ordered("eigen", values, order, exponent), Matrices.tensor(vectors, n));
  }

  /**
   * Returns the eigenvalues only, {@code [n]}, descending: cheaper than {@link #of(Tensor)} and the
   * same values.
   *
   * @param matrix as for {@link #of(Tensor)}, which see for the errors
   */
  public static Tensor valuesOf(Tensor matrix) {
    double[][] a = Matrices.readSymmetric("eigen", matrix);
    int exponent = Matrices.normalize(a);
    Tridiagonal reduced = new Tridiagonal(a);
    double[] values = reduced.diagonal();
    TridiagonalQr.diagonalize(values, reduced.offDiagonal(), null, matrix.shape().toString());
    int[] order = Matrices.descending(values);
    return Tensor.of(Shape.of(order.length), Matrices.ordered("eigen", values, order, exponent));
  }

  /** Returns the eigenvalues, {@code [n]}, descending. */
  public Tensor values() {
    return Tensor.of(Shape.of(values.length), values.clone());
  }

  /** Returns the eigenvectors as columns, {@code [n, n]}, in the order of the values; read-only. */
  public Tensor vectors() {
    return vectors;
  }

  /** Returns {@code Q diag(λ) Qᵀ}, {@code [n, n]}. */
  public Tensor reconstruct() {
    return Matrices.product(vectors, values, vectors);
  }
}
