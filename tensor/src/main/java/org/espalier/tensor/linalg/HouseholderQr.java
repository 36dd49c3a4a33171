package org.espalier.tensor.linalg;

/**
 * Factors a matrix in place by blocked Householder reflections (Golub and Van Loan, 5.2.1 to
 * 5.2.3): panels of columns are reduced in column order in cache, the columns right of a panel are
 * updated by matrix products.
 */
final class HouseholderQr {
  private final int columns;
  private final int steps;
  private final double[][] a;
  private final Reflectors q;

  /**
   * Factors the rows {@code a}, {@code [m, n]}, which are overwritten: R stands on and above the
   * diagonal.
   */
  HouseholderQr(double[][] a) {
    this.a = a;
    this.columns = a[0].length;
    this.steps = Math.min(a.length, columns);
    this.q = new Reflectors(a.length);
    for (int first = 0; first < steps; first += ReflectorBlock.SIZE) {
      factorPanel(first, Math.min(first + ReflectorBlock.SIZE, steps));
    }
  }

  private void factorPanel(int first, int last) {
    int rows = a.length;
    double[][] v = panel(first, last);
    double[] tau = new double[last - first];
    for (int k = 0; k < v.length; k++) {
      int diagonal = first + k;
      tau[k] = Householder.reflect(v[k], diagonal, rows);
      double beta = v[k][diagonal];
      v[k][diagonal] = 1;
      for (int j = k + 1; j < v.length; j++) {
        double inner = Rows.dot(v[k], v[j], diagonal, rows);
        Rows.add(v[j], -tau[k] * inner, v[k], diagonal, rows);
      }
      v[k][diagonal] = beta;
    }
    for (int k = 0; k < v.length; k++) {
      int diagonal = first + k;
      for (int i = first; i <= diagonal; i++) {
        a[i][diagonal] = v[k][i];
        v[k][i] = 0;
      }
      v[k][diagonal] = 1;
    }
    q.add(first, v, tau).applyTransposed(a, last, columns);
  }

  private double[][] panel(int first, int last) {
    double[][] v = new double[last - first][a.length];
    for (int i = first; i < a.length; i++) {
      for (int k = 0; k < v.length; k++) {
        v[k][i] = a[i][first + k];
      }
    }
    return v;
  }

  /** Returns Q, of order m, as reflections. */
  Reflectors q() {
    return q;
  }

  /** Returns R, {@code [min(m, n), n]}, with zeros below the diagonal. */
  double[][] r() {
    double[][] r = new double[steps][columns];
    for (int i = 0; i < steps; i++) {
      System.arraycopy(a[i], i, r[i], i, columns - i);
    }
    return r;
  }
}
