package org.espalier.tensor.linalg;

import java.util.Arrays;

/**
 * Records sweeps of plane rotations of neighbouring rows and applies many at once.
 *
 * <p>A sweep rotates rows (0, 1), (1, 2), … or, upwards, (n−1, n−2), (n−2, n−3), …: applied one by
 * one each sweep streams the whole matrix through the cache. Recorded sweeps are applied to one
 * band of columns after the other, so that a band stays in the cache (Van Zee, van de Geijn and
 * Quintana-Ortí, "Restructuring the tridiagonal and bidiagonal QR algorithms for performance",
 * 2014). The order of arithmetic on an element is that of the recording.
 */
final class GivensSweeps {
  private static final int BAND = 128;
  private static final int SWEEPS_KEPT = 48;

  private final double[][] rows;
  private final int width;
  private final double[] cosines;
  private final double[] sines;
  private int count;

  /** Start in the rotation arrays, first row and step of each recorded sweep. */
  private int[] starts = new int[SWEEPS_KEPT];

  private int[] firstRows = new int[SWEEPS_KEPT];
  private int[] steps = new int[SWEEPS_KEPT];
  private int sweeps;

  /** Records rotations of {@code rows}, of which the first {@code width} columns are modified. */
  GivensSweeps(double[][] rows, int width) {
    this.rows = rows;
    this.width = width;
    int capacity = Math.multiplyExact(SWEEPS_KEPT, rows.length);
    this.cosines = new double[capacity];
    this.sines = new double[capacity];
  }

  /** Begins a sweep that starts at {@code firstRow} and goes down (+1) or up (−1). */
  void begin(int firstRow, int step) {
    if (count + rows.length > cosines.length) {
      flush();
    }
    if (sweeps == starts.length) {
      starts = Arrays.copyOf(starts, 2 * sweeps);
      firstRows = Arrays.copyOf(firstRows, 2 * sweeps);
      steps = Arrays.copyOf(steps, 2 * sweeps);
    }
    starts[sweeps] = count;
    firstRows[sweeps] = firstRow;
    steps[sweeps] = step;
    sweeps++;
  }

  /** Adds the next rotation of the sweep: {@code (x, y) ← (c x + s y, c y − s x)}. */
  void add(double c, double s) {
    cosines[count] = c;
    sines[count] = s;
    count++;
  }

  /** Applies all that is recorded. */
  void flush() {
    for (int left = 0; left < width; left += BAND) {
      applyTo(left, Math.min(left + BAND, width));
    }
    count = 0;
    sweeps = 0;
  }

  private void applyTo(int left, int right) {
    for (int sweep = 0; sweep < sweeps; sweep++) {
      int end = sweep + 1 < sweeps ? starts[sweep + 1] : count;
      int step = steps[sweep];
      int row = firstRows[sweep];
      int k = starts[sweep];
      for (; k + 1 < end; k += 2, row += 2 * step) {
        Rows.rotateTwice(
            rows[row],
            rows[row + step],
            rows[row + 2 * step],
            cosines[k],
            sines[k],
            cosines[k + 1],
            sines[k + 1],
            left,
            right);
      }
      if (k < end) {
        Rows.rotate(rows[row], rows[row + step], cosines[k], sines[k], left, right);
      }
    }
  }

  /** Negates row {@code i}; everything recorded must have been applied. */
  void negate(int i) {
    Rows.scale(rows[i], -1, 0, width);
  }
}
