package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.Unary;

/**
 * Computes gradients of elementwise functions of one number, as {@link ScalarElementwise} computes
 * values: one small method a function.
 */
final class ScalarUnaryGrad {
  /**
   * Twice multiplied with it, each number above 0 is at least 1: {@code min(max(v, 0) · HUGE ·
   * HUGE, 1)} is the step {@code v > 0 ? 1 : 0} without a branch, which would cost ten times as
   * much where signs are random.
   */
  private static final float HUGE = 0x1p100f;

  private ScalarUnaryGrad() {}

  /** Computes {@code dx = op'(x, y; a, b) · dy}; x or y may be null, see {@link Unary}. */
  static void apply(
      Unary op,
      double a,
      double b,
      float[] x,
      float[] y,
      float[] dy,
      float[] dx,
      int from,
      int to) {
    switch (op) {
      case NEG -> neg(dy, dx, from, to);
      case ABS -> abs(x, dy, dx, from, to);
      case SQUARE -> square(x, dy, dx, from, to);
      case SQRT -> sqrt(y, dy, dx, from, to);
      case EXP -> exp(y, dy, dx, from, to);
      case LOG -> log(x, dy, dx, from, to);
      case AFFINE -> affine((float) a, dy, dx, from, to);
      case RELU -> relu(y, dy, dx, from, to);
      case LEAKY_RELU -> leakyRelu((float) a, x, dy, dx, from, to);
      case HARD_TANH -> hardTanh((float) a, (float) b, x, dy, dx, from, to);
      case CLAMP -> clamp((float) a, (float) b, x, dy, dx, from, to);
      case HARD_SIGMOID -> hardSigmoid(x, dy, dx, from, to);
      case HARD_SWISH -> hardSwish(x, dy, dx, from, to);
      case SIGMOID -> sigmoid(y, dy, dx, from, to);
      case TANH -> tanh(y, dy, dx, from, to);
      case SILU -> silu(x, dy, dx, from, to);
      default -> other(op, a, b, x, y, dy, dx, from, to);
    }
  }

  private static void neg(float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      dx[i] = -dy[i];
    }
  }

  private static void abs(float[] x, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      dx[i] = Math.signum(x[i]) * dy[i];
    }
  }

  private static void square(float[] x, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      dx[i] = 2f * x[i] * dy[i];
    }
  }

  private static void sqrt(float[] y, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      dx[i] = 0.5f / y[i] * dy[i];
    }
  }

  private static void exp(float[] y, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      dx[i] = y[i] * dy[i];
    }
  }

  private static void log(float[] x, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      dx[i] = dy[i] / x[i];
    }
  }

  private static void affine(float a, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      dx[i] = a * dy[i];
    }
  }

  private static void relu(float[] y, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      dx[i] = dy[i] * Math.min(Math.max(y[i], 0f) * HUGE * HUGE, 1f);
    }
  }

  private static void leakyRelu(float a, float[] x, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      dx[i] = dy[i] * (a + (1f - a) * Math.min(Math.max(x[i], 0f) * HUGE * HUGE, 1f));
    }
  }

  private static void hardTanh(
      float a, float b, float[] x, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      float above = Math.min(Math.max(x[i] - a, 0f) * HUGE * HUGE, 1f);
      float below = Math.min(Math.max(b - x[i], 0f) * HUGE * HUGE, 1f);
      dx[i] = dy[i] * (above * below);
    }
  }

  private static void clamp(float a, float b, float[] x, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      float under = Math.min(Math.max(a - x[i], 0f) * HUGE * HUGE, 1f);
      float over = Math.min(Math.max(x[i] - b, 0f) * HUGE * HUGE, 1f);
      dx[i] = dy[i] * ((1f - under) * (1f - over));
    }
  }

  private static void hardSigmoid(float[] x, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      float above = Math.min(Math.max(x[i] + 3f, 0f) * HUGE * HUGE, 1f);
      float below = Math.min(Math.max(3f - x[i], 0f) * HUGE * HUGE, 1f);
      dx[i] = dy[i] * (above * below / 6f);
    }
  }

  private static void hardSwish(float[] x, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      float above = Math.min(Math.max(x[i] + 3f, 0f) * HUGE * HUGE, 1f);
      float below = Math.min(Math.max(3f - x[i], 0f) * HUGE * HUGE, 1f);
      float inside = (2f * Math.min(Math.max(x[i], -3f), 3f) + 3f) / 6f;
      dx[i] = dy[i] * (above * below * inside + (1f - below));
    }
  }

  private static void sigmoid(float[] y, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      dx[i] = y[i] * (1f - y[i]) * dy[i];
    }
  }

  private static void tanh(float[] y, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      dx[i] = (1f - y[i] * y[i]) * dy[i];
    }
  }

  private static void silu(float[] x, float[] dy, float[] dx, int from, int to) {
    for (int i = from; i < to; i++) {
      float gate = ScalarMath.sigmoid(x[i]);
      dx[i] = gate * (1f + x[i] * (1f - gate)) * dy[i];
    }
  }

  private static void other(
      Unary op,
      double a,
      double b,
      float[] x,
      float[] y,
      float[] dy,
      float[] dx,
      int from,
      int to) {
    for (int i = from; i < to; i++) {
      double input = x == null ? Double.NaN : x[i];
      double output = y == null ? Double.NaN : y[i];
      dx[i] = (float) (op.derivative(input, output, a, b) * dy[i]);
    }
  }
}
