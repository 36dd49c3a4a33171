package org.espalier.nn;

import org.espalier.tensor.Random;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/**
 * Draws orthonormal rows (or columns, whichever are fewer): normal vectors, orthogonalised twice by
 * Gram-Schmidt in double, which is uniform over all such frames.
 *
 * @param gain the length of each row or column
 */
record Orthogonal(double gain) implements Init {
  @Override
  public void fill(Tensor tensor, Random random) {
    if (tensor.shape().rank() < 2) {
      throw new ShapeException("init: orthogonal needs at least two axes, got " + tensor.shape());
    }
    int rows = tensor.shape().size(0);
    int columns = rows == 0 ? 0 : tensor.count() / rows;
    boolean wide = rows <= columns;
    double[][] frame = frame(Math.min(rows, columns), Math.max(rows, columns), random);
    for (int i = 0; i < tensor.count(); i++) {
      int row = i / columns;
      int column = i % columns;
      tensor.set(i, gain * (wide ? frame[row][column] : frame[column][row]));
    }
  }

  private static double[][] frame(int count, int length, Random random) {
    double[][] frame = new double[count][length];
    long draw = 0;
    for (int k = 0; k < count; k++) {
      do {
        for (int i = 0; i < length; i++) {
          frame[k][i] = random.normal(draw++);
        }
      } while (!orthogonalize(frame, k));
    }
    return frame;
  }

  /** Returns false where a vector drawn lies in the span of those before it, up to rounding. */
  private static boolean orthogonalize(double[][] frame, int k) {
    double before = Math.sqrt(dot(frame[k], frame[k]));
    for (int round = 0; round < 2; round++) {
      for (int j = 0; j < k; j++) {
        addScaled(-dot(frame[j], frame[k]), frame[j], frame[k]);
      }
    }
    double after = Math.sqrt(dot(frame[k], frame[k]));
    for (int i = 0; i < frame[k].length; i++) {
      frame[k][i] /= after;
    }
    return after > 1e-10 * before;
  }

  private static double dot(double[] a, double[] b) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i + 3 < a.length; i += 4) {
      s0 += a[i] * b[i];
      s1 += a[i + 1] * b[i + 1];
      s2 += a[i + 2] * b[i + 2];
      s3 += a[i + 3] * b[i + 3];
    }
    for (; i < a.length; i++) {
      s0 += a[i] * b[i];
    }
    return s0 + s1 + s2 + s3;
  }

  private static void addScaled(double factor, double[] x, double[] y) {
    for (int i = 0; i < x.length; i++) {
      y[i] += factor * x[i];
    }
  }
}
