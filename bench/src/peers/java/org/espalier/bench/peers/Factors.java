package org.espalier.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.espalier.tensor.Tensor;

/**
 * What a factorisation gives, read only when it is compared: values, which may be missing, and
 * matrices whose columns belong to them.
 *
 * @param values singular values or eigenvalues in any order, or none
 * @param matrices the factors
 */
record Factors(double[] values, List<Factor> matrices) {
  /** Looks an element up. */
  @FunctionalInterface
  interface Elements {
    double at(int row, int column);
  }

  /** One matrix. */
  record Factor(int rows, int columns, Elements elements) {
    static Factor of(Tensor matrix) {
      int columns = matrix.shape().size(1);
      return new Factor(
          matrix.shape().size(0), columns, (row, column) -> matrix.get(row * columns + column));
    }

    static Factor of(DMatrixRMaj matrix) {
      return new Factor(matrix.numRows, matrix.numCols, matrix::get);
    }
  }

  /** Returns factors without values. */
  static Factors of(Factor... matrices) {
    return new Factors(new double[0], List.of(matrices));
  }

  /** Returns values and the matrices of their vectors. */
  static Factors of(double[] values, Factor... matrices) {
    return new Factors(values, List.of(matrices));
  }

  /**
   * Returns the values in descending order and, since signs are free, the absolute values of the
   * matrices, columns in the same order.
   */
  List<float[]> outputs() {
    int[] order = descending();
    List<float[]> outputs = new ArrayList<>();
    float[] sorted = new float[values.length];
    for (int i = 0; i < sorted.length; i++) {
      sorted[i] = (float) values[order[i]];
    }
    outputs.add(sorted);
    matrices.forEach(matrix -> outputs.add(magnitudes(matrix, order)));
    return outputs;
  }

  private int[] descending() {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted((i, j) -> Double.compare(values[j], values[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private float[] magnitudes(Factor matrix, int[] order) {
    float[] magnitudes = new float[matrix.rows * matrix.columns];
    for (int row = 0; row < matrix.rows; row++) {
      for (int i = 0; i < matrix.columns; i++) {
        int column = values.length == 0 ? i : order[i];
        magnitudes[row * matrix.columns + i] = (float) Math.abs(matrix.elements.at(row, column));
      }
    }
    return magnitudes;
  }
}
