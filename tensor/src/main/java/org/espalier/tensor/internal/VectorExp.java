package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.espalier.tensor.kernel.Unary;

/**
 * Computes the exponential function and what is made of it, many lanes at a time, with arithmetic
 * that every processor with vectors has: results do not depend on a maths library of the JVM.
 *
 * <p>The one large loop is {@link #exp}; the others call it on blocks that stay in the L1 cache and
 * finish with small loops.
 */
final class VectorExp {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;

  /** Elements of a block. */
  private static final int BLOCK = 1024;

  private static final float LOG2_E = (float) (1 / Math.log(2));

  /** ln 2 in two floats: the first has so few bits that its product with an exponent is exact. */
  private static final float LN2_HIGH = 0x1.62ep-1f;

  private static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);

  /** Adding and taking away 1.5·2^23 rounds a float to an integer, found in its low bits. */
  private static final float ROUND = 0x1.8p23f;

  private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);

  /** Exponent bias of a float, and the width of its fraction. */
  private static final int BIAS = 127;

  private static final int FRACTION = 23;

  /**
   * Elements from which vectors pay. Plain loops lose some microseconds below; but vectors are slow
   * objects until this class is compiled, and a softmax a step takes hundreds of steps to get
   * there.
   */
  private static final int ENOUGH = 1 << 12;

  /** Where the series of tanh has the smaller error. */
  private static final float SERIES = 0.45f;

  private VectorExp() {}

  /** Tells whether {@link #unary} has the function and is worth its vectors. */
  static boolean serves(Unary op, int count) {
    return switch (op) {
      case EXP, SIGMOID, TANH, SILU -> count >= ENOUGH;
      default -> false;
    };
  }

  /** Computes {@code y = op(x)} for elements from to to; y may be x. */
  static void unary(Unary op, float[] x, float[] y, int from, int to) {
    float[] e = new float[Math.min(BLOCK, to - from)];
    for (int at = from; at < to; at += BLOCK) {
      int n = Math.min(BLOCK, to - at);
      switch (op) {
        case EXP -> exp(1, x, at, y, at, n);
        case SIGMOID -> {
          exp(-1, x, at, e, 0, n);
          sigmoid(e, y, at, n);
        }
        case SILU -> {
          exp(-1, x, at, e, 0, n);
          silu(x, e, y, at, n);
        }
        case TANH -> {
          exp(2, x, at, e, 0, n);
          tanh(x, e, y, at, n);
        }
        default -> throw new IllegalArgumentException("kernels: no vector loop for " + op);
      }
    }
  }

  /** Computes the gradient of {@link Unary#SILU} for elements from to to. */
  static void siluGrad(float[] x, float[] dy, float[] dx, int from, int to) {
    float[] e = new float[Math.min(BLOCK, to - from)];
    for (int at = from; at < to; at += BLOCK) {
      int n = Math.min(BLOCK, to - at);
      exp(-1, x, at, e, 0, n);
      siluGrad(x, e, dy, dx, at, n);
    }
  }

  /**
   * Computes {@code y = e^(factor·x)}, factor a power of two up to its sign: {@code 2^n · e^r} with
   * the Taylor polynomial of degree 7 on {@code |r| ≤ ln(2)/2}; relative error below 1.5e-7.
   */
  private static void exp(float factor, float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector in = FloatVector.fromArray(S, x, xAt + i).mul(factor);
      // Beyond, each result is infinity or 0; the exponent stays within two normal factors.
      FloatVector inside = in.min(90f).max(-105f);
      FloatVector round = FloatVector.broadcast(S, ROUND);
      FloatVector shifted = inside.fma(FloatVector.broadcast(S, LOG2_E), round);
      FloatVector whole = shifted.sub(round);
      FloatVector r = whole.fma(FloatVector.broadcast(S, -LN2_HIGH), inside);
      r = whole.fma(FloatVector.broadcast(S, -LN2_LOW), r);
      FloatVector p = FloatVector.broadcast(S, 1 / 5040f);
      p = p.fma(r, FloatVector.broadcast(S, 1 / 720f));
      p = p.fma(r, FloatVector.broadcast(S, 1 / 120f));
      p = p.fma(r, FloatVector.broadcast(S, 1 / 24f));
      p = p.fma(r, FloatVector.broadcast(S, 1 / 6f));
      p = p.fma(r, FloatVector.broadcast(S, 1 / 2f));
      p = p.fma(r, FloatVector.broadcast(S, 1f));
      p = p.fma(r, FloatVector.broadcast(S, 1f));
      IntVector exponent = shifted.reinterpretAsInts().sub(ROUND_BITS);
      IntVector half = exponent.lanewise(VectorOperators.ASHR, 1);
      IntVector rest = exponent.sub(half).add(BIAS).lanewise(VectorOperators.LSHL, FRACTION);
      half = half.add(BIAS).lanewise(VectorOperators.LSHL, FRACTION);
      FULL_TYPE
          .cast(p.mul(half.reinterpretAsFloats()).mul(rest.reinterpretAsFloats()))
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = ScalarMath.exp(factor * x[xAt + i]);
    }
  }

  /** Computes {@code y = 1 / (1 + e)}. */
  private static void sigmoid(float[] e, float[] y, int at, int n) {
    FloatVector one = FloatVector.broadcast(S, 1f);
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FULL_TYPE.cast(one.div(FloatVector.fromArray(S, e, i).add(one))).intoArray(y, at + i);
    }
    for (; i < n; i++) {
      y[at + i] = 1 / (1 + e[i]);
    }
  }

  /** Computes {@code y = x / (1 + e)}. */
  private static void silu(float[] x, float[] e, float[] y, int at, int n) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector in = FloatVector.fromArray(S, x, at + i);
      FULL_TYPE.cast(in.div(FloatVector.fromArray(S, e, i).add(1f))).intoArray(y, at + i);
    }
    for (; i < n; i++) {
      y[at + i] = x[at + i] / (1 + e[i]);
    }
  }

  /** Computes {@code dx = g·(1 + x·(1 - g))·dy} with {@code g = 1 / (1 + e)}. */
  private static void siluGrad(float[] x, float[] e, float[] dy, float[] dx, int at, int n) {
    FloatVector one = FloatVector.broadcast(S, 1f);
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector in = FloatVector.fromArray(S, x, at + i);
      FloatVector gate = one.div(FloatVector.fromArray(S, e, i).add(one));
      FloatVector slope = one.sub(gate).fma(in, one).mul(gate);
      FULL_TYPE.cast(slope.mul(FloatVector.fromArray(S, dy, at + i))).intoArray(dx, at + i);
    }
    for (; i < n; i++) {
      float gate = 1 / (1 + e[i]);
      dx[at + i] = gate * (1 + x[at + i] * (1 - gate)) * dy[at + i];
    }
  }

  /** Computes {@code y = 1 - 2 / (1 + e)} with {@code e = e^2x}, near 0 the series of tanh x. */
  private static void tanh(float[] x, float[] e, float[] y, int at, int n) {
    FloatVector one = FloatVector.broadcast(S, 1f);
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector in = FloatVector.fromArray(S, x, at + i);
      FloatVector far =
          one.sub(FloatVector.broadcast(S, 2f).div(FloatVector.fromArray(S, e, i).add(one)));
      FloatVector s = in.mul(in);
      FloatVector p = FloatVector.broadcast(S, 21844 / 6081075f);
      p = p.fma(s, FloatVector.broadcast(S, -1382 / 155925f));
      p = p.fma(s, FloatVector.broadcast(S, 62 / 2835f));
      p = p.fma(s, FloatVector.broadcast(S, -17 / 315f));
      p = p.fma(s, FloatVector.broadcast(S, 2 / 15f));
      p = p.fma(s, FloatVector.broadcast(S, -1 / 3f));
      FloatVector near = p.mul(s).fma(in, in);
      VectorMask<Float> small = in.abs().compare(VectorOperators.LT, SERIES);
      FULL_TYPE.cast(far.blend(near, small)).intoArray(y, at + i);
    }
    for (; i < n; i++) {
      y[at + i] = ScalarMath.tanh(x[at + i]);
    }
  }
}
