package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.Unary;

/**
 * Applies elementwise functions to the elements {@code from} to {@code to}: one plain loop a
 * function, which C2 turns into vector code where it can. Functions without a loop of their own go
 * through {@link Unary}, in double.
 */
final class ScalarElementwise {
  private ScalarElementwise() {}

  /** Returns the rough cost of one element, in additions. */
  static int cost(Unary op) {
    return switch (op) {
      case NEG, ABS, SQUARE, AFFINE, RELU, LEAKY_RELU, HARD_TANH, CLAMP -> 1;
      case SQRT, HARD_SIGMOID, HARD_SWISH, SOFTSIGN -> 2;
      case EXP, LOG, SIGMOID, TANH, SILU -> 16;
      default -> 64;
    };
  }

  /** Computes {@code y = op(x; a, b)}. */
  static void unary(Unary op, double a, double b, float[] x, float[] y, int from, int to) {
    float s = (float) a;
    float t = (float) b;
    switch (op) {
      case NEG -> {
        for (int i = from; i < to; i++) {
          y[i] = -x[i];
        }
      }
      case ABS -> {
        for (int i = from; i < to; i++) {
          y[i] = Math.abs(x[i]);
        }
      }
      case SQUARE -> {
        for (int i = from; i < to; i++) {
          y[i] = x[i] * x[i];
        }
      }
      case SQRT -> {
        for (int i = from; i < to; i++) {
          y[i] = (float) Math.sqrt(x[i]);
        }
      }
      case AFFINE -> {
        for (int i = from; i < to; i++) {
          y[i] = s * x[i] + t;
        }
      }
      case RELU -> {
        for (int i = from; i < to; i++) {
          y[i] = Math.max(x[i], 0f);
        }
      }
      case LEAKY_RELU -> {
        for (int i = from; i < to; i++) {
          y[i] = Math.max(x[i], 0f) + s * Math.min(x[i], 0f);
        }
      }
      case HARD_TANH, CLAMP -> {
        for (int i = from; i < to; i++) {
          y[i] = Math.min(Math.max(x[i], s), t);
        }
      }
      case HARD_SIGMOID -> {
        for (int i = from; i < to; i++) {
          y[i] = Math.min(Math.max(x[i] + 3f, 0f), 6f) / 6f;
        }
      }
      case HARD_SWISH -> {
        for (int i = from; i < to; i++) {
          y[i] = x[i] * Math.min(Math.max(x[i] + 3f, 0f), 6f) / 6f;
        }
      }
      case SOFTSIGN -> {
        for (int i = from; i < to; i++) {
          y[i] = x[i] / (1f + Math.abs(x[i]));
        }
      }
      case EXP -> {
        for (int i = from; i < to; i++) {
          y[i] = ScalarMath.exp(x[i]);
        }
      }
      case LOG -> {
        for (int i = from; i < to; i++) {
          y[i] = ScalarMath.log(x[i]);
        }
      }
      case SIGMOID -> {
        for (int i = from; i < to; i++) {
          y[i] = ScalarMath.sigmoid(x[i]);
        }
      }
      case TANH -> {
        for (int i = from; i < to; i++) {
          y[i] = ScalarMath.tanh(x[i]);
        }
      }
      case SILU -> {
        for (int i = from; i < to; i++) {
          y[i] = x[i] * ScalarMath.sigmoid(x[i]);
        }
      }
      default -> {
        for (int i = from; i < to; i++) {
          y[i] = (float) op.value(x[i], a, b);
        }
      }
    }
  }

  /** Computes {@code dx = op'(x, y; a, b) · dy}; x or y may be null, see {@link Unary}. */
  static void unaryGrad(
      Unary op,
      double a,
      double b,
      float[] x,
      float[] y,
      float[] dy,
      float[] dx,
      int from,
      int to) {
    float s = (float) a;
    float t = (float) b;
    switch (op) {
      case NEG -> {
        for (int i = from; i < to; i++) {
          dx[i] = -dy[i];
        }
      }
      case ABS -> {
        for (int i = from; i < to; i++) {
          dx[i] = Math.signum(x[i]) * dy[i];
        }
      }
      case SQUARE -> {
        for (int i = from; i < to; i++) {
          dx[i] = 2f * x[i] * dy[i];
        }
      }
      case SQRT -> {
        for (int i = from; i < to; i++) {
          dx[i] = 0.5f / y[i] * dy[i];
        }
      }
      case EXP -> {
        for (int i = from; i < to; i++) {
          dx[i] = y[i] * dy[i];
        }
      }
      case LOG -> {
        for (int i = from; i < to; i++) {
          dx[i] = dy[i] / x[i];
        }
      }
      case AFFINE -> {
        for (int i = from; i < to; i++) {
          dx[i] = s * dy[i];
        }
      }
      case RELU -> {
        for (int i = from; i < to; i++) {
          dx[i] = y[i] > 0 ? dy[i] : 0;
        }
      }
      case LEAKY_RELU -> {
        for (int i = from; i < to; i++) {
          dx[i] = x[i] > 0 ? dy[i] : s * dy[i];
        }
      }
      case HARD_TANH -> {
        for (int i = from; i < to; i++) {
          dx[i] = x[i] > s && x[i] < t ? dy[i] : 0;
        }
      }
      case CLAMP -> {
        for (int i = from; i < to; i++) {
          dx[i] = x[i] >= s && x[i] <= t ? dy[i] : 0;
        }
      }
      case SIGMOID -> {
        for (int i = from; i < to; i++) {
          dx[i] = y[i] * (1f - y[i]) * dy[i];
        }
      }
      case TANH -> {
        for (int i = from; i < to; i++) {
          dx[i] = (1f - y[i] * y[i]) * dy[i];
        }
      }
      case SILU -> {
        for (int i = from; i < to; i++) {
          float gate = ScalarMath.sigmoid(x[i]);
          dx[i] = gate * (1f + x[i] * (1f - gate)) * dy[i];
        }
      }
      default -> {
        for (int i = from; i < to; i++) {
          double input = x == null ? Double.NaN : x[i];
          double output = y == null ? Double.NaN : y[i];
          dx[i] = (float) (op.derivative(input, output, a, b) * dy[i]);
        }
      }
    }
  }

  /** Computes {@code out = op(x, y)}. */
  static void binary(Binary op, float[] x, float[] y, float[] out, int from, int to) {
    switch (op) {
      case ADD -> {
        for (int i = from; i < to; i++) {
          out[i] = x[i] + y[i];
        }
      }
      case SUB -> {
        for (int i = from; i < to; i++) {
          out[i] = x[i] - y[i];
        }
      }
      case MUL -> {
        for (int i = from; i < to; i++) {
          out[i] = x[i] * y[i];
        }
      }
      case DIV -> {
        for (int i = from; i < to; i++) {
          out[i] = x[i] / y[i];
        }
      }
      case MAX -> {
        for (int i = from; i < to; i++) {
          out[i] = Math.max(x[i], y[i]);
        }
      }
      case MIN -> {
        for (int i = from; i < to; i++) {
          out[i] = Math.min(x[i], y[i]);
        }
      }
    }
  }

  /** Computes {@code y = y + factor · x}. */
  static void addScaled(float factor, float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] += factor * x[i];
    }
  }
}
