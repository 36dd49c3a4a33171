package org.espalier.tensor.linalg;

import org.espalier.tensor.StateException;

/**
 * Finds the singular values of an upper bidiagonal matrix by implicit QR sweeps with shift or with
 * zero shift (Golub and Van Loan, 8.6.2; Demmel and Kahan, "Accurate singular values of bidiagonal
 * matrices", 1990).
 *
 * <p>The zero-shift sweep and the two-sided convergence test give small singular values of the
 * bidiagonal matrix to high <i>relative</i> accuracy. A block is swept from its larger to its
 * smaller end. A sweep upwards is a sweep downwards of {@code J Bᵀ J} (J reverses the order), which
 * is upper bidiagonal again, with left and right exchanged: {@link SweepBlock} numbers the rows so.
 */
final class BidiagonalQr {
  private static final double EPSILON = Math.ulp(1.0);

  /** Relative accuracy asked of every singular value; about {@code ε^(7/8)}. */
  private static final double TOLERANCE = 90 * EPSILON;

  /** Sweeps allowed a row; about two are needed. */
  private static final int SWEEPS_A_ROW = 60;

  private final double[] d;
  private final double[] e;
  private final GivensSweeps left;
  private final GivensSweeps right;
  private final Givens givens = new Givens();
  private final double negligible;
  private final SweepBlock block;

  /** Smallest singular value estimate and largest entry of the block, found by the test. */
  private double smallest;

  private double largest;

  private BidiagonalQr(double[] d, double[] e, GivensSweeps left, GivensSweeps right) {
    this.d = d;
    this.e = e;
    this.left = left;
    this.right = right;
    this.block = new SweepBlock(d, this::isNegligible);
    this.negligible = (double) d.length * d.length * Double.MIN_NORMAL;
  }

  /**
   * Turns {@code d} into the singular values, not ordered and not negative; {@code e} is destroyed.
   * {@code left} and {@code right} rotate the rows of {@code Q_Lᵀ} and {@code Q_Rᵀ}; both may be
   * null.
   *
   * @param matrix how errors call the matrix
   * @throws StateException if the sweeps do not converge
   */
  static void diagonalize(
      double[] d, double[] e, GivensSweeps left, GivensSweeps right, String matrix) {
    new BidiagonalQr(d, e, left, right).run(matrix);
  }

  private void run(String matrix) {
    long allowed = (long) SWEEPS_A_ROW * d.length;
    while (block.find()) {
      if (converges()) {
        continue;
      }
      if (allowed-- == 0) {
        throw new StateException(
            "svd: "
                + matrix
                + " did not converge in "
                + (long) SWEEPS_A_ROW * d.length
                + " sweeps; "
                + block
                + " of the bidiagonal form are left");
      }
      double shift = shift();
      if (shift == 0) {
        sweepWithZeroShift();
      } else {
        sweepWithShift(shift);
      }
    }
    if (left != null) {
      left.flush();
      right.flush();
    }
    for (int i = 0; i < d.length; i++) {
      if (d[i] < 0 || 1 / d[i] < 0) {
        d[i] = -d[i];
        if (right != null) {
          right.negate(i);
        }
      }
    }
  }

  private boolean isNegligible(int i) {
    if (Math.abs(e[i]) <= negligible) {
      e[i] = 0;
    }
    return e[i] == 0;
  }

  /**
   * Zeroes links that no longer matter to any singular value's leading digits (criteria 1 and 2 of
   * Demmel and Kahan, section 2) and tells whether there was one.
   */
  private boolean converges() {
    int length = block.length();
    if (Math.abs(e[block.link(length - 1)]) <= TOLERANCE * Math.abs(d[block.row(length)])) {
      e[block.link(length - 1)] = 0;
      return true;
    }
    double mu = Math.abs(d[block.row(0)]);
    smallest = mu;
    largest = mu;
    for (int t = 0; t < length; t++) {
      double entry = Math.abs(e[block.link(t)]);
      if (entry <= TOLERANCE * mu) {
        e[block.link(t)] = 0;
        return true;
      }
      double next = Math.abs(d[block.row(t + 1)]);
      mu = next * (mu / (mu + entry));
      smallest = Math.min(smallest, mu);
      largest = Math.max(largest, Math.max(next, entry));
    }
    return false;
  }

  /** Returns the smallest singular value of the last 2x2 block, or 0 where that would harm. */
  private double shift() {
    int length = block.length();
    if (d.length * TOLERANCE * (smallest / largest) <= Math.max(EPSILON, 0.01 * TOLERANCE)) {
      return 0;
    }
    double shift =
        smallestOfTriangle(
            d[block.row(length - 1)], e[block.link(length - 1)], d[block.row(length)], largest);
    double ratio = shift / Math.abs(d[block.row(0)]);
    return ratio * ratio < EPSILON ? 0 : shift;
  }

  /** Smallest singular value of {@code [[f, g], [0, h]]}: {@code |f h| / σ_max}. */
  private static double smallestOfTriangle(double f, double g, double h, double scale) {
    double a = Math.abs(f) / scale;
    double b = Math.abs(g) / scale;
    double c = Math.abs(h) / scale;
    double doubledLargest =
        Math.sqrt((a + c) * (a + c) + b * b) + Math.sqrt((a - c) * (a - c) + b * b);
    return 2 * Math.min(a, c) * (Math.max(a, c) / doubledLargest) * scale;
  }

  private void sweepWithShift(double shift) {
    GivensSweeps first = begin(block.step() > 0 ? right : left);
    GivensSweeps second = begin(block.step() > 0 ? left : right);
    int length = block.length();
    double start = d[block.row(0)];
    double f = (Math.abs(start) - shift) * (Math.copySign(1, start) + shift / start);
    double g = e[block.link(0)];
    for (int t = 0; t < length; t++) {
      int here = block.row(t);
      int next = block.row(t + 1);
      int link = block.link(t);
      givens.zero(f, g);
      if (t > 0) {
        e[block.link(t - 1)] = givens.r;
      }
      record(first);
      f = givens.c * d[here] + givens.s * e[link];
      e[link] = givens.c * e[link] - givens.s * d[here];
      g = givens.s * d[next];
      d[next] = givens.c * d[next];
      givens.zero(f, g);
      record(second);
      d[here] = givens.r;
      f = givens.c * e[link] + givens.s * d[next];
      d[next] = givens.c * d[next] - givens.s * e[link];
      if (t + 1 < length) {
        g = givens.s * e[block.link(t + 1)];
        e[block.link(t + 1)] = givens.c * e[block.link(t + 1)];
      }
    }
    e[block.link(length - 1)] = f;
  }

  /** With shift 0 the sweep needs no subtraction, so no digit of a small value is lost. */
  private void sweepWithZeroShift() {
    GivensSweeps first = begin(block.step() > 0 ? right : left);
    GivensSweeps second = begin(block.step() > 0 ? left : right);
    int length = block.length();
    double carriedCosine = 1;
    double secondCosine = 1;
    double secondSine = 0;
    for (int t = 0; t < length; t++) {
      givens.zero(d[block.row(t)] * carriedCosine, e[block.link(t)]);
      record(first);
      double radius = givens.r;
      carriedCosine = givens.c;
      if (t > 0) {
        e[block.link(t - 1)] = secondSine * radius;
      }
      givens.zero(secondCosine * radius, d[block.row(t + 1)] * givens.s);
      record(second);
      d[block.row(t)] = givens.r;
      secondCosine = givens.c;
      secondSine = givens.s;
    }
    double end = d[block.row(length)] * carriedCosine;
    d[block.row(length)] = end * secondCosine;
    e[block.link(length - 1)] = end * secondSine;
  }

  private GivensSweeps begin(GivensSweeps sweeps) {
    if (sweeps != null) {
      sweeps.begin(block.row(0), block.step());
    }
    return sweeps;
  }

  private void record(GivensSweeps sweeps) {
    if (sweeps != null) {
      sweeps.add(givens.c, givens.s);
    }
  }
}
