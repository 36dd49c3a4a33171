package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.Unary;

/**
 * Works on the stretches of a {@link SpanWalk} with plain loops.
 *
 * <p>Stretches are copied into scratch rows first: only where all arrays of a loop have the same
 * index does C2 make vector code of it, and that pays for the copies three times over.
 */
final class ScalarRows implements RowLoops {
  @Override
  public boolean periodic() {
    return false;
  }

  @Override
  public SpanWalk.Stretch binary(Binary op, float[] x, float[] out) {
    return (at, length, period, companions, scratch) -> {
      float[] row = scratch[0];
      System.arraycopy(x, at, row, 0, length);
      ScalarElementwise.binary(op, row, companions[0], row, 0, length);
      System.arraycopy(row, 0, out, at, length);
    };
  }

  @Override
  public SpanWalk.Stretch scaleShift(float[] x, boolean rectify, float[] y) {
    return (at, length, period, companions, scratch) -> {
      float[] row = scratch[0];
      System.arraycopy(x, at, row, 0, length);
      if (companions[0] != null && companions[1] != null) {
        scaleShift(row, companions[0], companions[1], length);
      } else if (companions[0] != null) {
        ScalarElementwise.binary(Binary.MUL, row, companions[0], row, 0, length);
      } else if (companions[1] != null) {
        ScalarElementwise.binary(Binary.ADD, row, companions[1], row, 0, length);
      }
      if (rectify) {
        rectify(row, length);
      }
      System.arraycopy(row, 0, y, at, length);
    };
  }

  @Override
  public SpanWalk.Stretch combine(float[] x, float[] y, float[] out) {
    return (at, length, period, companions, scratch) -> {
      gated(x, y, at, length, companions[0], companions[3], scratch);
      System.arraycopy(y, at, scratch[1], 0, length);
      combine(scratch[0], companions[0], scratch[1], companions[1], companions[2], length);
      System.arraycopy(scratch[0], 0, out, at, length);
    };
  }

  @Override
  public SpanWalk.Fold sum(float[] x) {
    return (at, length, period, results, companions, scratch) -> {
      System.arraycopy(x, at, scratch[0], 0, length);
      ScalarElementwise.binary(Binary.ADD, results[0], scratch[0], results[0], 0, length);
    };
  }

  @Override
  public SpanWalk.Fold maximum(float[] x) {
    return (at, length, period, results, companions, scratch) -> {
      System.arraycopy(x, at, scratch[0], 0, length);
      ScalarElementwise.binary(Binary.MAX, results[0], scratch[0], results[0], 0, length);
    };
  }

  @Override
  public SpanWalk.Fold deviations(float[] x) {
    return (at, length, period, results, companions, scratch) -> {
      System.arraycopy(x, at, scratch[0], 0, length);
      ScalarElementwise.binary(Binary.SUB, scratch[0], companions[0], scratch[0], 0, length);
      ScalarElementwise.binary(Binary.ADD, results[0], scratch[0], results[0], 0, length);
      addSquare(scratch[0], length, results[1]);
    };
  }

  @Override
  public SpanWalk.Fold normSums(float[] dy, float[] x) {
    return (at, length, period, results, companions, scratch) -> {
      gated(dy, x, at, length, companions[1], companions[2], scratch);
      System.arraycopy(x, at, scratch[1], 0, length);
      ScalarElementwise.binary(Binary.ADD, results[0], scratch[0], results[0], 0, length);
      addProduct(scratch[0], scratch[1], companions[0], length, results[1]);
    };
  }

  /**
   * Copies a stretch of dy to row 0 of the scratch, with 0 where the rectifier of {@code x · scale
   * + shift} was shut, if there is a shift; row 1 is used up.
   */
  private static void gated(
      float[] dy, float[] x, int at, int length, float[] scale, float[] shift, float[][] scratch) {
    System.arraycopy(dy, at, scratch[0], 0, length);
    if (shift != null) {
      System.arraycopy(x, at, scratch[1], 0, length);
      scaleShift(scratch[1], scale, shift, length);
      ScalarUnaryGrad.apply(Unary.RELU, 0, 0, null, scratch[1], scratch[0], scratch[0], 0, length);
    }
  }

  private static void rectify(float[] row, int length) {
    for (int i = 0; i < length; i++) {
      row[i] = Math.max(row[i], 0f);
    }
  }

  private static void scaleShift(float[] x, float[] scale, float[] shift, int length) {
    for (int i = 0; i < length; i++) {
      x[i] = x[i] * scale[i] + shift[i];
    }
  }

  private static void combine(float[] x, float[] a, float[] y, float[] b, float[] c, int length) {
    for (int i = 0; i < length; i++) {
      x[i] = a[i] * x[i] + b[i] * y[i] + c[i];
    }
  }

  private static void addSquare(float[] deviation, int length, float[] sum) {
    for (int i = 0; i < length; i++) {
      sum[i] += deviation[i] * deviation[i];
    }
  }

  private static void addProduct(float[] dy, float[] x, float[] mean, int length, float[] sum) {
    for (int i = 0; i < length; i++) {
      sum[i] += dy[i] * (x[i] - mean[i]);
    }
  }
}
