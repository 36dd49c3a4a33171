package org.espalier.tensor.linalg;

import org.espalier.tensor.Tensor;

/**
 * Counts the singular values of small matrices that exceed a tolerance relative to the largest,
 * without computing any: {@code rank = #{i : σ_i > r·σ₁}}.
 *
 * <p>Method: rows and columns of zeros are left out, the rest is reduced to bidiagonal form by
 * Householder reflections (Golub and Van Loan, 5.4.8), and a Sturm sequence counts the eigenvalues
 * of the tridiagonal matrix {@code [0 Bᵀ; B 0]} above a number (8.4; errors of the order of {@code
 * ε σ₁}). σ₁ itself is only bracketed: the bracket is halved until its two ends count the same.
 *
 * <p>An object owns the scratch space for matrices of one size and belongs to one thread.
 */
public final class NumericalRank {
  /** The distance from 1 to the next float32, 2⁻²³. */
  private static final double FLOAT32_EPSILON = Math.ulp(1f);

  private static final int BRACKETINGS = 60;

  private final int rows;
  private final int columns;
  private final double relative;
  private final double[] dense;
  private final double[][] a;
  private final double[] v;
  private final double[] w;
  private final double[] squares;
  private final int[] keptRows;
  private final int[] keptColumns;
  private int height;
  private int width;

  /**
   * Creates a counter with the tolerance that is customary for numbers computed in float32, {@code
   * σ₁ · max(rows, columns) · 2⁻²³}.
   */
  public NumericalRank(int rows, int columns) {
    this(rows, columns, Math.max(rows, columns) * FLOAT32_EPSILON);
  }

  /**
   * Creates a counter.
   *
   * @param relative the tolerance as a multiple of σ₁, from {@code max(rows, columns) · 2⁻⁵²} on
   *     (below, rounding in float64 would decide) to 1
   */
  public NumericalRank(int rows, int columns, double relative) {
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException(
          "numerical rank: a matrix has at least one row and column, got [%d, %d]"
              .formatted(rows, columns));
    }
    double least = Math.max(rows, columns) * Math.ulp(1.0);
    if (!(relative >= least && relative < 1)) {
      throw new IllegalArgumentException(
          "numerical rank: the tolerance must lie in [%.3g, 1) times the largest singular value, got %s"
              .formatted(least, relative));
    }
    this.rows = rows;
    this.columns = columns;
    this.relative = relative;
    int longer = Math.max(rows, columns);
    int shorter = Math.min(rows, columns);
    dense = new double[Math.multiplyExact(rows, columns)];
    a = new double[longer][shorter];
    v = new double[longer];
    w = new double[shorter];
    squares = new double[2 * shorter];
    keptRows = new int[rows];
    keptColumns = new int[columns];
  }

  /**
   * Returns the rank of a matrix with the tolerance of float32.
   *
   * @param matrix {@code [m, n]}, F32 or F64, not modified
   * @throws org.espalier.tensor.ShapeException if it is not a matrix, or is empty
   * @throws org.espalier.tensor.DTypeException if it is not floating
   * @throws IllegalArgumentException if an entry is NaN or infinite
   */
  public static int of(Tensor matrix) {
    double[][] entries = Matrices.read("numerical rank", matrix);
    return new NumericalRank(entries.length, entries[0].length).of(entries);
  }

  /**
   * Returns the rank of a matrix with a tolerance of one's own.
   *
   * @param matrix as for {@link #of(Tensor)}, which see for the errors
   * @param relative the tolerance as a multiple of σ₁
   */
  public static int of(Tensor matrix, double relative) {
    double[][] entries = Matrices.read("numerical rank", matrix);
    return new NumericalRank(entries.length, entries[0].length, relative).of(entries);
  }

  private int of(double[][] entries) {
    Matrices.normalize(entries);
    for (int i = 0; i < rows; i++) {
      System.arraycopy(entries[i], 0, dense, i * columns, columns);
    }
    return count();
  }

  /**
   * Returns the rank of a matrix that lies in an array with strides, such as one channel of an
   * image.
   *
   * @param values holds entry {@code (i, j)} at {@code offset + i·rowStride + j·columnStride}, not
   *     modified
   * @throws IllegalArgumentException if an entry is NaN or infinite
   */
  public int of(float[] values, int offset, int rowStride, int columnStride) {
    float largest = 0;
    for (int i = 0; i < rows; i++) {
      int at = offset + i * rowStride;
      for (int j = 0; j < columns; j++, at += columnStride) {
        float magnitude = Math.abs(values[at]);
        if (!(magnitude <= Float.MAX_VALUE)) {
          throw new IllegalArgumentException(
              "numerical rank: entry [%d, %d] is %s; all entries must be finite"
                  .formatted(i, j, values[at]));
        }
        largest = Math.max(largest, magnitude);
        dense[i * columns + j] = values[at];
      }
    }
    if (largest == 0) {
      return 0;
    }
    // Any float, squared, is far inside the range of a double: nothing needs scaling.
    return count();
  }

  private int count() {
    load();
    if (width <= 1) {
      return width;
    }
    reduce();
    return above();
  }

  /** Copies what is not a row or column of zeros, standing upright. */
  private void load() {
    int filledRows = 0;
    boolean[] filled = new boolean[columns];
    for (int i = 0; i < rows; i++) {
      boolean any = false;
      for (int j = 0; j < columns; j++) {
        if (dense[i * columns + j] != 0) {
          any = true;
          filled[j] = true;
        }
      }
      if (any) {
        keptRows[filledRows++] = i;
      }
    }
    int filledColumns = 0;
    for (int j = 0; j < columns; j++) {
      if (filled[j]) {
        keptColumns[filledColumns++] = j;
      }
    }
    boolean wide = filledColumns > filledRows;
    height = wide ? filledColumns : filledRows;
    width = wide ? filledRows : filledColumns;
    for (int i = 0; i < filledRows; i++) {
      for (int j = 0; j < filledColumns; j++) {
        double entry = dense[keptRows[i] * columns + keptColumns[j]];
        a[wide ? j : i][wide ? i : j] = entry;
      }
    }
  }

  /** Leaves the squares of diagonal and superdiagonal of B, in turn. */
  private void reduce() {
    for (int k = 0; k < width; k++) {
      squares[2 * k] = reflectColumn(k);
      squares[2 * k + 1] = k + 1 < width ? reflectRow(k) : 0;
    }
  }

  /** Zeroes column k below the diagonal; returns the square of what is left on it. */
  private double reflectColumn(int k) {
    for (int i = k; i < height; i++) {
      v[i] = a[i][k];
    }
    double tau = Householder.reflect(v, k, height);
    double beta = v[k];
    if (tau != 0 && k + 1 < width) {
      System.arraycopy(a[k], k + 1, w, k + 1, width - k - 1);
      Rows.addCombination(w, 1, v, k + 1, a, k + 1, height - k - 1, k + 1, width);
      v[k] = 1;
      for (int i = k; i < height; i++) {
        Rows.add(a[i], -tau * v[i], w, k + 1, width);
      }
    }
    return beta * beta;
  }

  /** Zeroes row k behind the superdiagonal; returns the square of what is left there. */
  private double reflectRow(int k) {
    double[] u = a[k];
    double tau = Householder.reflect(u, k + 1, width);
    double beta = u[k + 1];
    if (tau != 0) {
      u[k + 1] = 1;
      for (int i = k + 1; i < height; i++) {
        double inner = Rows.dot(a[i], u, k + 1, width);
        Rows.add(a[i], -tau * inner, u, k + 1, width);
      }
    }
    return beta * beta;
  }

  /** Counts the singular values above the tolerance. */
  private int above() {
    int count = 2 * width;
    double sum = 0;
    double largest = 0;
    for (int i = 0; i < count; i++) {
      sum += squares[i];
      largest = Math.max(largest, squares[i]);
    }
    // No entry exceeds the largest singular value, which is at most the Frobenius norm.
    double low = Math.sqrt(largest);
    double high = Math.sqrt(sum);
    int most = above(relative * low);
    int least = above(relative * high);
    for (int i = 0; i < BRACKETINGS && most != least; i++) {
      double middle = low + (high - low) / 2;
      if (above(middle) > 0) {
        low = middle;
        most = above(relative * low);
      } else {
        high = middle;
        least = above(relative * high);
      }
    }
    return least;
  }

  /** Counts the singular values above x by the signs of a Sturm sequence. */
  private int above(double x) {
    double shift = Math.nextUp(x);
    int order = 2 * width;
    int below = 1;
    double q = -shift;
    for (int i = 0; i < order - 1; i++) {
      double pivot = Math.abs(q) < Double.MIN_NORMAL ? -Double.MIN_NORMAL : q;
      q = -shift - squares[i] / pivot;
      below += q < 0 ? 1 : 0;
    }
    return order - below;
  }
}
