package org.espalier.tensor.linalg;

/**
 * Holds the inner loops of the package over matrices stored as arrays of rows.
 *
 * <p>All arrays of one loop are read and written at the same index: this is the form that every
 * supported compiler turns into vector code. The loops are kept short for the same reason, so
 * combinations take four rows at a time and rotations two: longer bodies are not vectorised on 17.
 */
final class Rows {
  /** Columns of a tile: with {@link #TILE_INNER} rows it fills the first-level cache. */
  private static final int TILE_COLUMNS = 128;

  private static final int TILE_INNER = 32;

  /** Sums of squares outside these bounds have lost digits to underflow, or overflowed. */
  private static final double SMALLEST_SAFE_SQUARE = 0x1p-900;

  private static final double LARGEST_SAFE_SQUARE = 0x1p900;

  private Rows() {}

  /** Adds {@code sign · A · B} to C; the columns of B and C are the same index range. */
  static void addProduct(double sign, Window a, Window b, Window c) {
    for (int left = c.left(); left < c.right(); left += TILE_COLUMNS) {
      int right = Math.min(left + TILE_COLUMNS, c.right());
      for (int inner = 0; inner < a.width(); inner += TILE_INNER) {
        int count = Math.min(TILE_INNER, a.width() - inner);
        for (int i = 0; i < c.height(); i++) {
          addCombination(
              c.rows()[c.top() + i],
              sign,
              a.rows()[a.top() + i],
              a.left() + inner,
              b.rows(),
              b.top() + inner,
              count,
              left,
              right);
        }
      }
    }
  }

  /**
   * Subtracts {@code Σ_k left_k right_kᵀ} from A; the vectors are indexed by row and column of the
   * matrix that A is a window of.
   */
  static void subtractOuterProducts(double[][] left, double[][] right, Window a) {
    double[][] factors = new double[a.height()][left.length];
    for (int k = 0; k < left.length; k++) {
      for (int i = 0; i < a.height(); i++) {
        factors[i][k] = left[k][a.top() + i];
      }
    }
    addProduct(
        -1,
        Window.of(factors, a.height(), left.length),
        new Window(right, 0, right.length, a.left(), a.right()),
        a);
  }

  /**
   * Computes {@code y[j] += sign · Σ_k c[at + k] · x[first + k][j]} for {@code k < count} and
   * {@code from <= j < to}.
   */
  static void addCombination(
      double[] y,
      double sign,
      double[] c,
      int at,
      double[][] x,
      int first,
      int count,
      int from,
      int to) {
    int k = 0;
    for (; k + 3 < count; k += 4) {
      addFour(
          y,
          sign * c[at + k],
          x[first + k],
          sign * c[at + k + 1],
          x[first + k + 1],
          sign * c[at + k + 2],
          x[first + k + 2],
          sign * c[at + k + 3],
          x[first + k + 3],
          from,
          to);
    }
    for (; k < count; k++) {
      add(y, sign * c[at + k], x[first + k], from, to);
    }
  }

  private static void addFour(
      double[] y,
      double c0,
      double[] x0,
      double c1,
      double[] x1,
      double c2,
      double[] x2,
      double c3,
      double[] x3,
      int from,
      int to) {
    for (int j = from; j < to; j++) {
      y[j] += (c0 * x0[j] + c1 * x1[j]) + (c2 * x2[j] + c3 * x3[j]);
    }
  }

  /** Computes {@code y += c · x} over {@code [from, to)}. */
  static void add(double[] y, double c, double[] x, int from, int to) {
    for (int j = from; j < to; j++) {
      y[j] += c * x[j];
    }
  }

  /** Multiplies {@code x} by {@code c} over {@code [from, to)}. */
  static void scale(double[] x, double c, int from, int to) {
    for (int j = from; j < to; j++) {
      x[j] *= c;
    }
  }

  /** Returns {@code Σ_j a[j] · b[j]} over {@code [from, to)}, in four interleaved sums. */
  static double dot(double[] a, double[] b, int from, int to) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int j = from;
    for (; j + 3 < to; j += 4) {
      s0 += a[j] * b[j];
      s1 += a[j + 1] * b[j + 1];
      s2 += a[j + 2] * b[j + 2];
      s3 += a[j + 3] * b[j + 3];
    }
    for (; j < to; j++) {
      s0 += a[j] * b[j];
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** Returns the Euclidean norm over {@code [from, to)} without harmful under- or overflow. */
  static double norm(double[] x, int from, int to) {
    double square = dot(x, x, from, to);
    if (square > SMALLEST_SAFE_SQUARE && square < LARGEST_SAFE_SQUARE) {
      return Math.sqrt(square);
    }
    double largest = 0;
    for (int j = from; j < to; j++) {
      largest = Math.max(largest, Math.abs(x[j]));
    }
    if (largest == 0) {
      return 0;
    }
    int exponent = Math.getExponent(largest);
    double sum = 0;
    for (int j = from; j < to; j++) {
      double part = Math.scalb(x[j], -exponent);
      sum += part * part;
    }
    return Math.scalb(Math.sqrt(sum), exponent);
  }

  /** Computes {@code (x, y) ← (c x + s y, c y − s x)} over {@code [from, to)}. */
  static void rotate(double[] x, double[] y, double c, double s, int from, int to) {
    for (int j = from; j < to; j++) {
      double p = x[j];
      double q = y[j];
      x[j] = c * p + s * q;
      y[j] = c * q - s * p;
    }
  }

  /** Rotates {@code (x, y)} by the first angle, then {@code (y, z)} by the second, in one pass. */
  static void rotateTwice(
      double[] x,
      double[] y,
      double[] z,
      double c0,
      double s0,
      double c1,
      double s1,
      int from,
      int to) {
    for (int j = from; j < to; j++) {
      double p = x[j];
      double q = y[j];
      double r = z[j];
      double middle = c0 * q - s0 * p;
      x[j] = c0 * p + s0 * q;
      y[j] = c1 * middle + s1 * r;
      z[j] = c1 * r - s1 * middle;
    }
  }

  /** Returns the transpose of the first {@code height} rows and {@code width} columns. */
  static double[][] transpose(double[][] rows, int height, int width) {
    double[][] result = new double[width][height];
    int tile = 16;
    for (int top = 0; top < height; top += tile) {
      int bottom = Math.min(top + tile, height);
      for (int j = 0; j < width; j++) {
        double[] target = result[j];
        for (int i = top; i < bottom; i++) {
          target[i] = rows[i][j];
        }
      }
    }
    return result;
  }

  /** Returns the first {@code width} columns of the identity with {@code height} rows. */
  static double[][] identity(int height, int width) {
    double[][] rows = new double[height][width];
    for (int i = 0; i < Math.min(height, width); i++) {
      rows[i][i] = 1;
    }
    return rows;
  }
}
