package org.espalier.tensor.linalg;

/**
 * Reduces a square matrix to upper bidiagonal form {@code A = Q_L B Q_Rᵀ} (Golub and Van Loan,
 * 5.4.8), blocked as in Dongarra, Sorensen and Hammarling (1989).
 *
 * <p>Within a panel the trailing matrix is not touched: it is {@code A − Σ v yᵀ − Σ x uᵀ} with v, u
 * the left and right reflections made so far, {@code y = τ Aᵀ v} and {@code x = τ' A u} of the
 * matrix as it then was. Rows and columns are brought up to date when their turn comes, the rest at
 * the end of the panel by one matrix product.
 */
final class Bidiagonal {
  private final int size;
  private final double[][] a;
  private final double[] diagonal;
  private final double[] superdiagonal;
  private final Reflectors left;
  private final Reflectors right;

  /** Reduces the rows {@code a}, {@code [n, n]}, which are overwritten. */
  Bidiagonal(double[][] a) {
    this.size = a.length;
    this.a = a;
    this.diagonal = new double[size];
    this.superdiagonal = new double[size];
    this.left = new Reflectors(size);
    this.right = new Reflectors(size);
    int panel = ReflectorBlock.size(size);
    for (int first = 0; first < size; first += panel) {
      new Panel(first, Math.min(first + panel, size)).reduce();
    }
  }

  /** Returns the live diagonal of B, n values. */
  double[] diagonal() {
    return diagonal;
  }

  /** Returns the live superdiagonal of B, n values of which the last is unused. */
  double[] superdiagonal() {
    return superdiagonal;
  }

  /** Returns {@code Q_L}. */
  Reflectors left() {
    return left;
  }

  /** Returns {@code Q_R}. */
  Reflectors right() {
    return right;
  }

  /** Reduces rows and columns {@code [first, last)}; every vector is indexed by matrix row. */
  private final class Panel {
    private final int first;
    private final int last;
    private final double[][] v;
    private final double[][] y;
    private final double[][] u;
    private final double[][] x;
    private final double[] leftTau;
    private final double[] rightTau;

    Panel(int first, int last) {
      int count = last - first;
      this.first = first;
      this.last = last;
      this.v = new double[count][size];
      this.y = new double[count][size];
      this.u = new double[count][size];
      this.x = new double[count][size];
      this.leftTau = new double[count];
      this.rightTau = new double[count];
    }

    void reduce() {
      for (int k = 0; k < v.length; k++) {
        reflectColumn(k);
        if (first + k + 1 < size) {
          reflectRow(k);
        }
      }
      updateTrailingMatrix();
      left.add(first, v, leftTau);
      if (first + 1 < size) {
        right.add(first + 1, u, rightTau);
      }
    }

    private void reflectColumn(int k) {
      int j = first + k;
      for (int i = j; i < size; i++) {
        v[k][i] = a[i][j];
      }
      Rows.addCombination(v[k], -1, at(y, j), 0, v, 0, k, j, size);
      Rows.addCombination(v[k], -1, at(u, j), 0, x, 0, k, j, size);
      double tau = Householder.reflect(v[k], j, size);
      diagonal[j] = v[k][j];
      v[k][j] = 1;
      leftTau[k] = tau;
      double[] product = y[k];
      Rows.addCombination(product, 1, v[k], j, a, j, size - j, j + 1, size);
      Rows.addCombination(product, -1, dots(v, v[k], k, j), 0, y, 0, k, j + 1, size);
      Rows.addCombination(product, -1, dots(x, v[k], k, j), 0, u, 0, k, j + 1, size);
      Rows.scale(product, tau, j + 1, size);
    }

    private void reflectRow(int k) {
      int j = first + k;
      double[] row = u[k];
      System.arraycopy(a[j], j + 1, row, j + 1, size - j - 1);
      Rows.addCombination(row, -1, at(v, j), 0, y, 0, k + 1, j + 1, size);
      Rows.addCombination(row, -1, at(x, j), 0, u, 0, k, j + 1, size);
      double tau = Householder.reflect(row, j + 1, size);
      superdiagonal[j] = row[j + 1];
      row[j + 1] = 1;
      rightTau[k] = tau;
      double[] product = x[k];
      for (int i = j + 1; i < size; i++) {
        product[i] = Rows.dot(a[i], row, j + 1, size);
      }
      Rows.addCombination(product, -1, dots(y, row, k + 1, j + 1), 0, v, 0, k + 1, j + 1, size);
      Rows.addCombination(product, -1, dots(u, row, k, j + 1), 0, x, 0, k, j + 1, size);
      Rows.scale(product, tau, j + 1, size);
    }

    private double[] at(double[][] vectors, int index) {
      double[] values = new double[vectors.length];
      for (int k = 0; k < values.length; k++) {
        values[k] = vectors[k][index];
      }
      return values;
    }

    private double[] dots(double[][] vectors, double[] with, int count, int from) {
      double[] values = new double[count];
      for (int k = 0; k < count; k++) {
        values[k] = Rows.dot(vectors[k], with, from, size);
      }
      return values;
    }

    private void updateTrailingMatrix() {
      Window trailing = new Window(a, last, size, last, size);
      Rows.subtractOuterProducts(v, y, trailing);
      Rows.subtractOuterProducts(x, u, trailing);
    }
  }
}
