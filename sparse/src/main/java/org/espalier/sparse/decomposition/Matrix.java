package org.espalier.sparse.decomposition;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Svd;
import org.espalier.tensor.parallel.Parallel;

/**
 * Is a float64 matrix by rows, for the small products of decompositions; not modified once made.
 *
 * @param rows number of rows
 * @param columns number of columns
 * @param values the entries, row by row
 */
record Matrix(int rows, int columns, double[] values) {
  /** Rows of the right matrix that are used for all rows of the left before the next ones. */
  private static final int TERMS = 64;

  static Matrix zeros(int rows, int columns) {
    return new Matrix(rows, columns, new double[rows * columns]);
  }

  /** Reads a tensor as a matrix of so many rows. */
  static Matrix of(Tensor tensor, int rows) {
    return new Matrix(rows, tensor.count() / rows, tensor.toDoubles());
  }

  static Matrix of(Tensor matrix) {
    return of(matrix, matrix.shape().size(0));
  }

  double get(int row, int column) {
    return values[row * columns + column];
  }

  /** Returns the same numbers in rows of another length. */
  Matrix reshape(int otherRows) {
    return new Matrix(otherRows, values.length / otherRows, values);
  }

  Matrix transposed() {
    Matrix t = zeros(columns, rows);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        t.values[j * rows + i] = values[i * columns + j];
      }
    }
    return t;
  }

  /** Returns {@code this · other}; rows are shared among threads, four terms are added at once. */
  Matrix times(Matrix other) {
    Matrix product = zeros(rows, other.columns);
    long work = (long) columns * other.columns;
    Parallel.range(
        rows,
        Parallel.grain(work),
        (from, to) -> {
          for (int first = 0; first < columns; first += TERMS) {
            int last = Math.min(first + TERMS, columns);
            for (int i = from; i < to; i++) {
              product.addRow(i, first, last, this, other);
            }
          }
        });
    return product;
  }

  /** Adds terms {@code first} to {@code last} of a row of {@code left · right}. */
  private void addRow(int row, int first, int last, Matrix left, Matrix right) {
    int k = first;
    for (; k + 3 < last; k += 4) {
      int at = row * left.columns + k;
      addFour(values, row * columns, columns, left.values, at, right.values, k * columns);
    }
    for (; k < last; k++) {
      double factor = left.get(row, k);
      for (int j = 0; j < columns; j++) {
        values[row * columns + j] += factor * right.values[k * columns + j];
      }
    }
  }

  /** Adds four rows of {@code x}, each times a factor, to a row of {@code y}. */
  private static void addFour(
      double[] y, int to, int width, double[] factors, int at, double[] x, int from) {
    double a = factors[at];
    double b = factors[at + 1];
    double c = factors[at + 2];
    double d = factors[at + 3];
    int second = from + width;
    int third = second + width;
    int fourth = third + width;
    for (int j = 0; j < width; j++) {
      y[to + j] += a * x[from + j] + b * x[second + j] + c * x[third + j] + d * x[fourth + j];
    }
  }

  /** Returns the first columns, each scaled. */
  Matrix columns(double... scales) {
    Matrix part = zeros(rows, scales.length);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < scales.length; j++) {
        part.values[i * scales.length + j] = get(i, j) * scales[j];
      }
    }
    return part;
  }

  /** Returns the first columns. */
  Matrix columns(int count) {
    double[] ones = new double[count];
    java.util.Arrays.fill(ones, 1);
    return columns(ones);
  }

  /** Returns this matrix with columns of zeros behind, if it has fewer than {@code least}. */
  Matrix widened(int least) {
    if (columns >= least) {
      return this;
    }
    Matrix wide = zeros(rows, least);
    for (int i = 0; i < rows; i++) {
      System.arraycopy(values, i * columns, wide.values, i * least, columns);
    }
    return wide;
  }

  Svd svd() {
    return Svd.of(tensor(rows, columns));
  }

  /** Returns the numbers as a float64 tensor of a shape; they are copied. */
  Tensor tensor(int... sizes) {
    return Tensor.of(Shape.of(sizes), values.clone());
  }

  /** Returns {@code ‖this - other‖ / ‖this‖}, 0 where this is zero. */
  double relativeError(Matrix other) {
    double lost = 0;
    double all = 0;
    for (int i = 0; i < values.length; i++) {
      double difference = values[i] - other.values[i];
      lost += difference * difference;
      all += values[i] * values[i];
    }
    return all == 0 ? 0 : Math.sqrt(lost / all);
  }
}
