package org.espalier.tensor.linalg;

import org.espalier.tensor.StateException;

/**
 * Finds the eigenvalues of a symmetric tridiagonal matrix by implicit QR sweeps with Wilkinson's
 * shift (Golub and Van Loan, 8.3.4 and 8.3.5).
 *
 * <p>A block is swept from its larger to its smaller end; a sweep upwards is a sweep downwards of
 * the matrix in reverse order, as {@link SweepBlock} numbers the rows.
 */
final class TridiagonalQr {
  private static final double EPSILON = Math.ulp(1.0);

  /** Sweeps allowed a row; fewer than two are needed. */
  private static final int SWEEPS_A_ROW = 60;

  private final double[] d;
  private final double[] e;
  private final GivensSweeps vectors;
  private final Givens givens = new Givens();

  private final SweepBlock block;

  private TridiagonalQr(double[] d, double[] e, GivensSweeps vectors) {
    this.d = d;
    this.e = e;
    this.vectors = vectors;
    this.block = new SweepBlock(d, this::isNegligible);
  }

  /**
   * Turns {@code d} into the eigenvalues, not ordered; {@code e} is destroyed, the rows behind
   * {@code vectors}, {@code Qᵀ} before, are rotated to eigenvectors (null: none are wanted).
   *
   * @param matrix how errors call the matrix
   * @throws StateException if the sweeps do not converge
   */
  static void diagonalize(double[] d, double[] e, GivensSweeps vectors, String matrix) {
    new TridiagonalQr(d, e, vectors).run(matrix);
  }

  private void run(String matrix) {
    long allowed = (long) SWEEPS_A_ROW * d.length;
    while (block.find()) {
      if (allowed-- == 0) {
        throw new StateException(
            "eigen: "
                + matrix
                + " did not converge in "
                + (long) SWEEPS_A_ROW * d.length
                + " sweeps; "
                + block
                + " of the tridiagonal form are left");
      }
      sweep();
    }
    if (vectors != null) {
      vectors.flush();
    }
  }

  private boolean isNegligible(int i) {
    double allowed = EPSILON * Math.sqrt(Math.abs(d[i])) * Math.sqrt(Math.abs(d[i + 1]));
    if (Math.abs(e[i]) <= Math.max(allowed, Double.MIN_NORMAL)) {
      e[i] = 0;
    }
    return e[i] == 0;
  }

  /** Returns the eigenvalue of the last 2x2 block that is closer to its last entry. */
  private double shift() {
    int length = block.length();
    double last = d[block.row(length)];
    double entry = e[block.link(length - 1)];
    double delta = (d[block.row(length - 1)] - last) / 2;
    double radius = Givens.hypotenuse(delta, entry);
    return last - entry * (entry / (delta + Math.copySign(radius, delta)));
  }

  private void sweep() {
    if (vectors != null) {
      vectors.begin(block.row(0), block.step());
    }
    int length = block.length();
    double f = d[block.row(0)] - shift();
    double g = e[block.link(0)];
    for (int t = 0; t < length; t++) {
      int here = block.row(t);
      int next = block.row(t + 1);
      int link = block.link(t);
      givens.zero(f, g);
      if (t > 0) {
        e[block.link(t - 1)] = givens.r;
      }
      rotate(here, next, link);
      if (vectors != null) {
        vectors.add(givens.c, givens.s);
      }
      f = e[link];
      if (t + 1 < length) {
        g = givens.s * e[block.link(t + 1)];
        e[block.link(t + 1)] = givens.c * e[block.link(t + 1)];
      }
    }
  }

  /** Rotates rows and columns of {@code [[d_here, e], [e, d_next]]}. */
  private void rotate(int here, int next, int link) {
    double c = givens.c;
    double s = givens.s;
    double topLeft = c * d[here] + s * e[link];
    double topRight = c * e[link] + s * d[next];
    double bottomLeft = c * e[link] - s * d[here];
    double bottomRight = c * d[next] - s * e[link];
    d[here] = c * topLeft + s * topRight;
    e[link] = c * bottomLeft + s * bottomRight;
    d[next] = c * bottomRight - s * bottomLeft;
  }
}
