package org.espalier.tensor.linalg;

import java.util.Arrays;
import org.espalier.tensor.DType;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/** Turns tensors into checked, scaled arrays of rows and back. */
final class Matrices {
  private Matrices() {}

  /**
   * Returns a copy of the matrix as rows.
   *
   * @param op decomposition named by errors
   * @throws ShapeException if it is not a matrix, or is empty
   * @throws DTypeException if it is not floating
   * @throws IllegalArgumentException if an entry is NaN or infinite
   */
  static double[][] read(String op, Tensor matrix) {
    check(op, matrix);
    int width = matrix.shape().size(1);
    double[][] rows = new double[matrix.shape().size(0)][width];
    for (int i = 0; i < rows.length; i++) {
      copyRow(matrix, i * width, rows[i]);
    }
    checkFinite(op, rows);
    return rows;
  }

  private static void check(String op, Tensor matrix) {
    if (!matrix.dtype().isFloating()) {
      throw new DTypeException(
          op + ": expected an F32 or F64 matrix, got " + matrix.dtype() + matrix.shape());
    }
    if (matrix.shape().rank() != 2) {
      throw new ShapeException(
          op + ": expected a matrix [m, n], got " + matrix.shape() + "; reshape it first");
    }
    if (matrix.count() == 0) {
      throw new ShapeException(op + ": an empty matrix " + matrix.shape() + " has no factors");
    }
  }

  private static void copyRow(Tensor matrix, int offset, double[] row) {
    if (matrix.dtype() == DType.F64) {
      System.arraycopy(matrix.f64(), offset, row, 0, row.length);
      return;
    }
    float[] values = matrix.f32();
    for (int j = 0; j < row.length; j++) {
      row[j] = values[offset + j];
    }
  }

  private static void checkFinite(String op, double[][] rows) {
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < rows[i].length; j++) {
        if (!Double.isFinite(rows[i][j])) {
          throw new IllegalArgumentException(
              op
                  + ": entry ["
                  + i
                  + ", "
                  + j
                  + "] of "
                  + Shape.of(rows.length, rows[i].length)
                  + " is "
                  + rows[i][j]
                  + "; all entries must be finite");
        }
      }
    }
  }

  /**
   * Returns a square symmetric matrix as rows, the mean of it and its transpose.
   *
   * @throws ShapeException if it is not square
   * @throws IllegalArgumentException if two mirrored entries differ by more than {@code 4 n ε
   *     max|a|}, ε that of the element type: more than rounding explains
   */
  static double[][] readSymmetric(String op, Tensor matrix) {
    double[][] rows = read(op, matrix);
    int n = rows.length;
    if (rows[0].length != n) {
      throw new ShapeException(op + ": expected a square symmetric matrix, got " + matrix.shape());
    }
    double epsilon = matrix.dtype() == DType.F32 ? Math.ulp(1f) : Math.ulp(1.0);
    double allowed = 4 * n * epsilon * largest(rows);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        if (Math.abs(rows[i][j] / 2 - rows[j][i] / 2) > allowed / 2) {
          throw new IllegalArgumentException(
              op
                  + ": "
                  + matrix.shape()
                  + " is not symmetric: ["
                  + i
                  + ", "
                  + j
                  + "] is "
                  + rows[i][j]
                  + ", ["
                  + j
                  + ", "
                  + i
                  + "] is "
                  + rows[j][i]);
        }
        double mean = rows[i][j] / 2 + rows[j][i] / 2;
        rows[i][j] = mean;
        rows[j][i] = mean;
      }
    }
    return rows;
  }

  private static double largest(double[][] rows) {
    double largest = 0;
    for (double[] row : rows) {
      for (double value : row) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    return largest;
  }

  /**
   * Multiplies the rows by {@code 2^-p} so that the largest magnitude lies in [1, 2), and returns
   * p; 0 for a zero matrix. Exact but for entries 2^1022 times smaller than the largest.
   */
  static int normalize(double[][] rows) {
    double largest = largest(rows);
    if (largest == 0) {
      return 0;
    }
    int exponent = exponent(largest);
    scale(rows, -exponent);
    return exponent;
  }

  /** Returns {@code floor(log₂ x)}, of subnormal numbers too. */
  private static int exponent(double x) {
    return x < Double.MIN_NORMAL ? Math.getExponent(Math.scalb(x, 60)) - 60 : Math.getExponent(x);
  }

  /** Multiplies the rows by {@code 2^exponent}. */
  static void scale(double[][] rows, int exponent) {
    if (exponent == 0) {
      return;
    }
    for (double[] row : rows) {
      scale(row, exponent);
    }
  }

  /** Multiplies the values by {@code 2^exponent}. */
  static void scale(double[] values, int exponent) {
    // Two factors: 2^1074, which lifts the smallest subnormal, is not a double.
    double half = Math.scalb(1.0, exponent / 2);
    double rest = Math.scalb(1.0, exponent - exponent / 2);
    for (int j = 0; j < values.length; j++) {
      values[j] = values[j] * half * rest;
    }
  }

  /** Returns the first {@code width} columns as an F64 tensor. */
  static Tensor tensor(double[][] rows, int width) {
    double[] values = new double[Math.multiplyExact(rows.length, width)];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, values, i * width, width);
    }
    return Tensor.of(Shape.of(rows.length, width), values);
  }

  /** Returns rows that copy an F64 matrix. */
  static double[][] rows(Tensor matrix) {
    double[][] rows = new double[matrix.shape().size(0)][matrix.shape().size(1)];
    for (int i = 0; i < rows.length; i++) {
      copyRow(matrix, i * rows[i].length, rows[i]);
    }
    return rows;
  }

  /**
   * Returns right-hand sides {@code [m]} or {@code [m, k]} as rows of k values.
   *
   * @throws ShapeException if there are not {@code height} rows
   */
  static double[][] readRightHandSide(String op, Tensor b, int height) {
    int rank = b.shape().rank();
    if (rank < 1 || rank > 2 || b.shape().size(0) != height) {
      throw new ShapeException(
          op
              + ": the right-hand side must be ["
              + height
              + "] or ["
              + height
              + ", k], got "
              + b.shape());
    }
    return read(op, rank == 1 ? b.reshape(height, 1) : b);
  }

  /** Returns solutions in the form of the right-hand side {@code b}: one axis or two. */
  static Tensor solution(double[][] rows, Tensor b) {
    Tensor solution = tensor(rows, rows[0].length);
    return b.shape().rank() == 1 ? solution.reshape(rows.length) : solution;
  }

  /** Returns the index of a new order, largest value first, ties by position. */
  static int[] descending(double[] values) {
    Integer[] order = new Integer[values.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    Arrays.sort(order, (i, j) -> Double.compare(values[j], values[i]));
    int[] result = new int[order.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = order[i];
    }
    return result;
  }

  /**
   * Tells which columns the sign convention negates: the entry of largest magnitude shall be
   * positive, the first one where magnitudes agree to 1e-10 relative.
   */
  static boolean[] columnsPointingBackwards(double[][] rows, int width) {
    double[] largest = new double[width];
    for (double[] row : rows) {
      for (int j = 0; j < width; j++) {
        largest[j] = Math.max(largest[j], Math.abs(row[j]));
      }
    }
    double[] leading = new double[width];
    for (double[] row : rows) {
      for (int j = 0; j < width; j++) {
        if (leading[j] == 0 && Math.abs(row[j]) >= largest[j] * (1 - 1e-10)) {
          leading[j] = row[j];
        }
      }
    }
    boolean[] backwards = new boolean[width];
    for (int j = 0; j < width; j++) {
      backwards[j] = leading[j] < 0;
    }
    return backwards;
  }

  /** Negates the chosen columns of all rows. */
  static void negateColumns(double[][] rows, boolean[] chosen) {
    double[] signs = new double[chosen.length];
    for (int j = 0; j < signs.length; j++) {
      signs[j] = chosen[j] ? -1 : 1;
    }
    for (double[] row : rows) {
      for (int j = 0; j < signs.length; j++) {
        row[j] *= signs[j];
      }
    }
  }

  /** Returns a matrix {@code [height, k]} whose column j is row {@code order[j]}, zero below. */
  static double[][] columns(double[][] rows, int[] order, int height) {
    double[][] result = new double[height][order.length];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < order.length; j++) {
        result[i][j] = rows[order[j]][i];
      }
    }
    return result;
  }

  /**
   * Returns the values in a new order, times {@code 2^exponent}.
   *
   * @throws ArithmeticException if one exceeds the range of a double
   */
  static double[] ordered(String op, double[] values, int[] order, int exponent) {
    double[] result = new double[order.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = values[order[i]];
    }
    scale(result, exponent);
    checkRange(op, result);
    return result;
  }

  /** Throws an ArithmeticException if a result exceeds the range of a double. */
  static void checkRange(String op, double[]... rows) {
    for (double[] row : rows) {
      for (double value : row) {
        if (!Double.isFinite(value)) {
          throw new ArithmeticException(
              op + ": a factor exceeds the range of a double; scale the matrix down first");
        }
      }
    }
  }

  /** Returns {@code Σ_i x_i factor_i y_iᵀ} over the first columns of x and y. */
  static Tensor product(Tensor x, double[] factors, Tensor y) {
    int terms = factors.length;
    double[][] left = rows(x);
    int height = left.length;
    int width = y.shape().size(0);
    double[][] right = Rows.transpose(rows(y), width, terms);
    for (int i = 0; i < terms; i++) {
      Rows.scale(right[i], factors[i], 0, width);
    }
    double[][] result = new double[height][width];
    Rows.addProduct(
        1,
        Window.of(left, height, terms),
        Window.of(right, terms, width),
        Window.of(result, height, width));
    return tensor(result, width);
  }
}
