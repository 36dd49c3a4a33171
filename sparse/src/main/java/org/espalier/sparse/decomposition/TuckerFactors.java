package org.espalier.sparse.decomposition;

import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Svd;

/**
 * Holds the Tucker-2 form of a convolution's weight over outputs and inputs, {@code W[o, h, w, i] ≈
 * Σ_pq U[o, p]·G[p, h, w, q]·V[i, q]} with orthonormal columns in U and V (resource-efficiency
 * survey, S4).
 */
public final class TuckerFactors {
  private final Matrix weight;
  private final int[] sizes;
  private final Matrix out;
  private final Matrix in;

  private TuckerFactors(Matrix weight, int[] sizes, Matrix out, Matrix in) {
    this.weight = weight;
    this.sizes = sizes;
    this.out = out;
    this.in = in;
  }

  /**
   * Returns the higher-order singular value decomposition: U and V are the leading left singular
   * vectors of the two unfoldings.
   *
   * @param weight {@code [out, height, width, in]}, not modified
   * @param rankOut the number of columns of U
   * @param rankIn the number of columns of V
   */
  public static TuckerFactors of(Tensor weight, Rank rankOut, Rank rankIn) {
    Shape shape = weight.shape();
    if (shape.rank() != 4) {
      throw new ShapeException("tucker: expected a weight [out, height, width, in], got " + shape);
    }
    int[] sizes = {shape.size(0), shape.size(1), shape.size(2), shape.size(3)};
    Matrix byOut = Matrix.of(weight, sizes[0]);
    Svd outputs = byOut.svd();
    Svd inputs = byOut.reshape(byOut.values().length / sizes[3]).svd();
    return new TuckerFactors(
        byOut,
        sizes,
        Matrix.of(outputs.u()).columns(rankOut.of(outputs)),
        Matrix.of(inputs.v()).columns(rankIn.of(inputs)));
  }

  /**
   * Returns the factors after one sweep of higher-order orthogonal iteration: U from {@code W x_in
   * Vᵀ}, then V from {@code W x_out Uᵀ}. The error never grows.
   */
  public TuckerFactors sweep() {
    Matrix projected = weight.reshape(weight.values().length / in.rows()).times(in);
    Matrix byOut = projected.reshape(out.rows()).widened(out.columns());
    Matrix newOut = Matrix.of(byOut.svd().u()).columns(out.columns());
    Matrix byIn = rows(newOut).transposed().widened(in.columns());
    Matrix newIn = Matrix.of(byIn.svd().u()).columns(in.columns());
    return new TuckerFactors(weight, sizes, newOut, newIn);
  }

  /** Returns {@code W x_out Uᵀ} with one input's numbers a column. */
  private Matrix rows(Matrix outputs) {
    Matrix reduced = outputs.transposed().times(weight);
    return reduced.reshape(reduced.values().length / in.rows());
  }

  /** Returns U, {@code [out, rankOut]}. */
  public Tensor out() {
    return outMatrix().tensor(out.rows(), out.columns());
  }

  /** Returns V, {@code [in, rankIn]}. */
  public Tensor in() {
    return inMatrix().tensor(in.rows(), in.columns());
  }

  /** Returns G, {@code [rankOut, height, width, rankIn]}. */
  public Tensor core() {
    return coreMatrix().tensor(out.columns(), sizes[1], sizes[2], in.columns());
  }

  Matrix outMatrix() {
    return out;
  }

  Matrix inMatrix() {
    return in;
  }

  /** Returns the core as {@code [rankOut, height · width · rankIn]}. */
  Matrix coreMatrix() {
    return rows(out).times(in).reshape(out.columns());
  }

  private Matrix approximation() {
    Matrix wide = out.times(coreMatrix());
    return wide.reshape(wide.values().length / in.columns())
        .times(in.transposed())
        .reshape(sizes[0]);
  }

  /** Returns the weight that the factors amount to, {@code [out, height, width, in]}. */
  public Tensor reconstruct() {
    return approximation().tensor(sizes);
  }

  /** Returns {@code ‖W - Ŵ‖ / ‖W‖}, 0 for a weight of zeros. */
  public double relativeError() {
    return weight.relativeError(approximation());
  }
}
