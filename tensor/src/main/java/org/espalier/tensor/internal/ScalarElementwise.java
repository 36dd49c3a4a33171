package org.espalier.tensor.internal;

import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.Unary;

/**
 * Applies elementwise functions to the elements {@code from} to {@code to}: one small method a
 * function, whose plain loop C2 turns into vector code where it can, compiled when it is first
 * needed. Functions without a loop of their own go through {@link Unary}, in double.
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
    switch (op) {
      case NEG -> neg(x, y, from, to);
      case ABS -> abs(x, y, from, to);
      case SQUARE -> square(x, y, from, to);
      case SQRT -> sqrt(x, y, from, to);
      case AFFINE -> affine((float) a, (float) b, x, y, from, to);
      case RELU -> relu(x, y, from, to);
      case LEAKY_RELU -> leakyRelu((float) a, x, y, from, to);
      case HARD_TANH, CLAMP -> hardTanh((float) a, (float) b, x, y, from, to);
      case HARD_SIGMOID -> hardSigmoid(x, y, from, to);
      case HARD_SWISH -> hardSwish(x, y, from, to);
      case SOFTSIGN -> softsign(x, y, from, to);
      case EXP -> exp(x, y, from, to);
      case LOG -> log(x, y, from, to);
      case SIGMOID -> sigmoid(x, y, from, to);
      case TANH -> tanh(x, y, from, to);
      case SILU -> silu(x, y, from, to);
      default -> other(op, a, b, x, y, from, to);
    }
  }

  private static void neg(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = -x[i];
    }
  }

  private static void abs(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = Math.abs(x[i]);
    }
  }

  private static void square(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = x[i] * x[i];
    }
  }

  private static void sqrt(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = (float) Math.sqrt(x[i]);
    }
  }

  private static void affine(float a, float b, float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = a * x[i] + b;
    }
  }

  private static void relu(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = Math.max(x[i], 0f);
    }
  }

  private static void leakyRelu(float a, float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = Math.max(x[i], 0f) + a * Math.min(x[i], 0f);
    }
  }

  private static void hardTanh(float a, float b, float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = Math.min(Math.max(x[i], a), b);
    }
  }

  /** Clamps in place. */
  static void clamp(Clamp clamp, float[] y, int from, int to) {
    float low = clamp.low();
    float high = clamp.high();
    if (clamp.isRelu()) {
      for (int i = from; i < to; i++) {
        y[i] = Math.max(y[i], 0f);
      }
    } else {
      for (int i = from; i < to; i++) {
        y[i] = Math.min(Math.max(y[i], low), high);
      }
    }
  }

  private static void hardSigmoid(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = Math.min(Math.max(x[i] + 3f, 0f), 6f) / 6f;
    }
  }

  private static void hardSwish(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = x[i] * Math.min(Math.max(x[i] + 3f, 0f), 6f) / 6f;
    }
  }

  private static void softsign(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = x[i] / (1f + Math.abs(x[i]));
    }
  }

  private static void exp(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = ScalarMath.exp(x[i]);
    }
  }

  private static void log(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = ScalarMath.log(x[i]);
    }
  }

  private static void sigmoid(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = ScalarMath.sigmoid(x[i]);
    }
  }

  private static void tanh(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = ScalarMath.tanh(x[i]);
    }
  }

  private static void silu(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = x[i] * ScalarMath.sigmoid(x[i]);
    }
  }

  private static void other(Unary op, double a, double b, float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = (float) op.value(x[i], a, b);
    }
  }

  /** Computes {@code out = op(x, y)}. */
  static void binary(Binary op, float[] x, float[] y, float[] out, int from, int to) {
    switch (op) {
      case ADD -> add(x, y, out, from, to);
      case ADD_RELU -> addRelu(x, y, out, from, to);
      case SUB -> sub(x, y, out, from, to);
      case MUL -> mul(x, y, out, from, to);
      case DIV -> div(x, y, out, from, to);
      case MAX -> max(x, y, out, from, to);
      case MIN -> min(x, y, out, from, to);
    }
  }

  private static void add(float[] x, float[] y, float[] out, int from, int to) {
    for (int i = from; i < to; i++) {
      out[i] = x[i] + y[i];
    }
  }

  private static void addRelu(float[] x, float[] y, float[] out, int from, int to) {
    for (int i = from; i < to; i++) {
      out[i] = Math.max(x[i] + y[i], 0f);
    }
  }

  private static void sub(float[] x, float[] y, float[] out, int from, int to) {
    for (int i = from; i < to; i++) {
      out[i] = x[i] - y[i];
    }
  }

  private static void mul(float[] x, float[] y, float[] out, int from, int to) {
    for (int i = from; i < to; i++) {
      out[i] = x[i] * y[i];
    }
  }

  private static void div(float[] x, float[] y, float[] out, int from, int to) {
    for (int i = from; i < to; i++) {
      out[i] = x[i] / y[i];
    }
  }

  private static void max(float[] x, float[] y, float[] out, int from, int to) {
    for (int i = from; i < to; i++) {
      out[i] = Math.max(x[i], y[i]);
    }
  }

  private static void min(float[] x, float[] y, float[] out, int from, int to) {
    for (int i = from; i < to; i++) {
      out[i] = Math.min(x[i], y[i]);
    }
  }

  /** Computes {@code y = y + factor · x}. */
  static void addScaled(float factor, float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] += factor * x[i];
    }
  }
}
