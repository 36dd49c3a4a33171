package org.espalier.tensor.linalg;

/** Solves triangular systems for many right-hand sides held as rows (Golub and Van Loan, 3.1). */
final class Triangular {
  private Triangular() {}

  /** Overwrites {@code b}, {@code [n, k]}, by the solution of {@code L X = B}, L lower. */
  static void solveLower(double[][] lower, int n, double[][] b) {
    for (int i = 0; i < n; i++) {
      Rows.addCombination(b[i], -1, lower[i], 0, b, 0, i, 0, b[i].length);
      divide(b[i], lower[i][i]);
    }
  }

  /** Overwrites {@code b}, {@code [n, k]}, by the solution of {@code R X = B}, R upper. */
  static void solveUpper(double[][] upper, int n, double[][] b) {
    for (int i = n - 1; i >= 0; i--) {
      Rows.addCombination(b[i], -1, upper[i], i + 1, b, i + 1, n - i - 1, 0, b[i].length);
      divide(b[i], upper[i][i]);
    }
  }

  private static void divide(double[] row, double pivot) {
    for (int j = 0; j < row.length; j++) {
      row[j] /= pivot;
    }
  }
}
