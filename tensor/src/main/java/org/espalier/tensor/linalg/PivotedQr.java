package org.espalier.tensor.linalg;

import java.util.Arrays;

/**
 * Factors {@code A P = Q R} by Householder reflections with column pivoting (Businger and Golub
 * 1965; Golub and Van Loan, 5.4.2): each step takes the column of largest remaining norm, so that
 * {@code |r_ii|} descends.
 */
final class PivotedQr {
  /** A downdated norm this small against its start has lost its digits, and is computed again. */
  private static final double CANCELLED = Math.sqrt(Math.ulp(1.0));

  private final int rows;
  private final int steps;
  private final double[][] columns;
  private final int[] order;
  private final double[] norms;
  private final double[] startNorms;
  private final double[] tau;

  /** Factors the rows {@code a}, {@code [m, n]}, which are not modified. */
  PivotedQr(double[][] a) {
    this.rows = a.length;
    this.columns = Rows.transpose(a, rows, a[0].length);
    this.steps = Math.min(rows, columns.length);
    this.order = new int[columns.length];
    this.norms = new double[columns.length];
    this.tau = new double[steps];
    for (int j = 0; j < columns.length; j++) {
      order[j] = j;
      norms[j] = Rows.norm(columns[j], 0, rows);
    }
    this.startNorms = norms.clone();
    for (int k = 0; k < steps; k++) {
      swap(k, largestFrom(k));
      reflect(k);
    }
  }

  private int largestFrom(int k) {
    int best = k;
    for (int j = k + 1; j < norms.length; j++) {
      if (norms[j] > norms[best]) {
        best = j;
      }
    }
    return best;
  }

  private void swap(int i, int j) {
    double[] column = columns[i];
    columns[i] = columns[j];
    columns[j] = column;
    int index = order[i];
    order[i] = order[j];
    order[j] = index;
    norms[j] = norms[i];
    startNorms[j] = startNorms[i];
  }

  private void reflect(int k) {
    double[] v = columns[k];
    tau[k] = Householder.reflect(v, k, rows);
    double beta = v[k];
    v[k] = 1;
    for (int j = k + 1; j < columns.length; j++) {
      double inner = Rows.dot(v, columns[j], k, rows);
      Rows.add(columns[j], -tau[k] * inner, v, k, rows);
      downdate(j, k);
    }
    v[k] = beta;
  }

  /** Takes row k out of the norm of column j. */
  private void downdate(int j, int k) {
    if (norms[j] == 0) {
      return;
    }
    double ratio = Math.abs(columns[j][k]) / norms[j];
    double left = Math.sqrt(Math.max(0, (1 - ratio) * (1 + ratio)));
    norms[j] *= left;
    if (norms[j] <= CANCELLED * startNorms[j]) {
      norms[j] = Rows.norm(columns[j], k + 1, rows);
      startNorms[j] = norms[j];
    }
  }

  /** Returns P as the original index of each column. */
  int[] order() {
    return order;
  }

  /** Returns R, {@code [min(m, n), n]}. */
  double[][] r() {
    double[][] r = new double[steps][columns.length];
    for (int i = 0; i < steps; i++) {
      for (int j = i; j < columns.length; j++) {
        r[i][j] = columns[j][i];
      }
    }
    return r;
  }

  /** Returns Q, of order m, as reflections. */
  Reflectors q() {
    Reflectors q = new Reflectors(rows);
    for (int first = 0; first < steps; first += ReflectorBlock.SIZE) {
      int count = Math.min(ReflectorBlock.SIZE, steps - first);
      double[][] v = new double[count][];
      double[] factors = new double[count];
      for (int k = 0; k < count; k++) {
        v[k] = columns[first + k].clone();
        Arrays.fill(v[k], 0, first + k, 0.0);
        v[k][first + k] = 1;
        factors[k] = tau[first + k];
      }
      q.add(first, v, factors);
    }
    return q;
  }
}
