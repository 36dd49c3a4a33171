package org.espalier.tensor.linalg;

/**
 * Reduces a symmetric matrix to tridiagonal form {@code A = Q T Qᵀ} (Golub and Van Loan, 8.3.1 and
 * 8.3.8), blocked: within a panel the trailing matrix is {@code A − Σ v wᵀ − Σ w vᵀ}, and is
 * brought up to date by one matrix product at its end.
 *
 * <p>Both halves of the matrix are kept, so that every access goes along rows.
 */
final class Tridiagonal {
  private final int size;
  private final double[][] a;
  private final double[] diagonal;
  private final double[] offDiagonal;
  private final Reflectors q;

  /** Reduces the rows {@code a}, {@code [n, n]} symmetric, which are overwritten. */
  Tridiagonal(double[][] a) {
    this.size = a.length;
    this.a = a;
    this.diagonal = new double[size];
    this.offDiagonal = new double[size];
    this.q = new Reflectors(size);
    int panel = ReflectorBlock.size(size);
    for (int first = 0; first < size - 1; first += panel) {
      new Panel(first, Math.min(first + panel, size - 1)).reduce();
    }
    diagonal[size - 1] = a[size - 1][size - 1];
  }

  /** Returns the live diagonal of T, n values. */
  double[] diagonal() {
    return diagonal;
  }

  /** Returns the live off-diagonal of T, n values of which the last is unused. */
  double[] offDiagonal() {
    return offDiagonal;
  }

  /** Returns Q. */
  Reflectors q() {
    return q;
  }

  /** Reduces rows and columns {@code [first, last)}; every vector is indexed by matrix row. */
  private final class Panel {
    private final int first;
    private final int last;
    private final double[][] v;
    private final double[][] w;
    private final double[] tau;

    Panel(int first, int last) {
      this.first = first;
      this.last = last;
      this.v = new double[last - first][size];
      this.w = new double[last - first][size];
      this.tau = new double[last - first];
    }

    void reduce() {
      for (int k = 0; k < v.length; k++) {
        reflect(k);
      }
      updateTrailingMatrix();
      q.add(first + 1, v, tau);
    }

    private void reflect(int k) {
      int j = first + k;
      double[] row = v[k];
      System.arraycopy(a[j], j, row, j, size - j);
      for (int i = 0; i < k; i++) {
        Rows.add(row, -v[i][j], w[i], j, size);
        Rows.add(row, -w[i][j], v[i], j, size);
      }
      diagonal[j] = row[j];
      row[j] = 0;
      tau[k] = Householder.reflect(row, j + 1, size);
      offDiagonal[j] = row[j + 1];
      row[j + 1] = 1;
      double[] product = w[k];
      Rows.addCombination(product, 1, row, j + 1, a, j + 1, size - j - 1, j + 1, size);
      for (int i = 0; i < k; i++) {
        double alongW = Rows.dot(w[i], row, j + 1, size);
        double alongV = Rows.dot(v[i], row, j + 1, size);
        Rows.add(product, -alongW, v[i], j + 1, size);
        Rows.add(product, -alongV, w[i], j + 1, size);
      }
      Rows.scale(product, tau[k], j + 1, size);
      double inner = Rows.dot(product, row, j + 1, size);
      Rows.add(product, -tau[k] / 2 * inner, row, j + 1, size);
    }

    private void updateTrailingMatrix() {
      Window trailing = new Window(a, last, size, last, size);
      Rows.subtractOuterProducts(v, w, trailing);
      Rows.subtractOuterProducts(w, v, trailing);
    }
  }
}
