package org.espalier.tensor.internal;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.espalier.tensor.kernel.Binary;

/**
 * Works on the stretches of a {@link SpanWalk} with vectors, where the tensors lie: no copies.
 *
 * <p>Each loop is a static method of its own with a plain tail; nothing is passed to it that the
 * compiler would have to see through.
 */
final class VectorRows implements RowLoops {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;

  @Override
  public SpanWalk.Stretch binary(Binary op, float[] x, float[] out) {
    return switch (op) {
      case ADD -> (at, n, companions, scratch) -> add(x, at, companions[0], n, out);
      case SUB -> (at, n, companions, scratch) -> subtract(x, at, companions[0], n, out);
      case MUL -> (at, n, companions, scratch) -> multiply(x, at, companions[0], n, out);
      case DIV -> (at, n, companions, scratch) -> divide(x, at, companions[0], n, out);
      case MAX, MIN -> new ScalarRows().binary(op, x, out);
    };
  }

  @Override
  public SpanWalk.Stretch scaleShift(float[] x, float[] y) {
    return (at, n, companions, scratch) -> {
      if (companions[0] == null) {
        add(x, at, companions[1], n, y);
      } else if (companions[1] == null) {
        multiply(x, at, companions[0], n, y);
      } else {
        scaleShift(x, at, companions[0], companions[1], n, y);
      }
    };
  }

  @Override
  public SpanWalk.Stretch combine(float[] x, float[] y, float[] out) {
    return (at, n, companions, scratch) ->
        combine(x, companions[0], y, companions[1], companions[2], at, n, out);
  }

  @Override
  public SpanWalk.Fold sum(float[] x) {
    return (at, n, results, companions, scratch) -> addTo(x, at, n, results[0]);
  }

  @Override
  public SpanWalk.Fold maximum(float[] x) {
    return (at, n, results, companions, scratch) -> maximumTo(x, at, n, results[0]);
  }

  @Override
  public SpanWalk.Fold squaredDeviation(float[] x) {
    return (at, n, results, companions, scratch) ->
        squaredDeviationTo(x, at, companions[0], n, results[0]);
  }

  @Override
  public SpanWalk.Fold normSums(float[] dy, float[] x) {
    return (at, n, results, companions, scratch) ->
        normSumsTo(dy, x, at, companions[0], n, results[0], results[1]);
  }

  private static void add(float[] x, int at, float[] y, int n, float[] out) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector left = FloatVector.fromArray(S, x, at + i);
      left.add(FloatVector.fromArray(S, y, i)).intoArray(out, at + i);
    }
    for (; i < n; i++) {
      out[at + i] = x[at + i] + y[i];
    }
  }

  private static void subtract(float[] x, int at, float[] y, int n, float[] out) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector left = FloatVector.fromArray(S, x, at + i);
      left.sub(FloatVector.fromArray(S, y, i)).intoArray(out, at + i);
    }
    for (; i < n; i++) {
      out[at + i] = x[at + i] - y[i];
    }
  }

  private static void multiply(float[] x, int at, float[] y, int n, float[] out) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector left = FloatVector.fromArray(S, x, at + i);
      left.mul(FloatVector.fromArray(S, y, i)).intoArray(out, at + i);
    }
    for (; i < n; i++) {
      out[at + i] = x[at + i] * y[i];
    }
  }

  private static void divide(float[] x, int at, float[] y, int n, float[] out) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector left = FloatVector.fromArray(S, x, at + i);
      left.div(FloatVector.fromArray(S, y, i)).intoArray(out, at + i);
    }
    for (; i < n; i++) {
      out[at + i] = x[at + i] / y[i];
    }
  }

  private static void scaleShift(
      float[] x, int at, float[] scale, float[] shift, int n, float[] y) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector factor = FloatVector.fromArray(S, scale, i);
      FloatVector term = FloatVector.fromArray(S, shift, i);
      FloatVector.fromArray(S, x, at + i).fma(factor, term).intoArray(y, at + i);
    }
    for (; i < n; i++) {
      y[at + i] = Math.fma(x[at + i], scale[i], shift[i]);
    }
  }

  private static void combine(
      float[] x, float[] a, float[] y, float[] b, float[] c, int at, int n, float[] out) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector term = FloatVector.fromArray(S, c, i);
      FloatVector factor = FloatVector.fromArray(S, b, i);
      FloatVector second = FloatVector.fromArray(S, y, at + i).fma(factor, term);
      FloatVector first = FloatVector.fromArray(S, x, at + i);
      first.fma(FloatVector.fromArray(S, a, i), second).intoArray(out, at + i);
    }
    for (; i < n; i++) {
      out[at + i] = Math.fma(x[at + i], a[i], Math.fma(y[at + i], b[i], c[i]));
    }
  }

  private static void addTo(float[] x, int at, int n, float[] sum) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector term = FloatVector.fromArray(S, x, at + i);
      FloatVector.fromArray(S, sum, i).add(term).intoArray(sum, i);
    }
    for (; i < n; i++) {
      sum[i] += x[at + i];
    }
  }

  private static void maximumTo(float[] x, int at, int n, float[] best) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector rival = FloatVector.fromArray(S, x, at + i);
      FloatVector.fromArray(S, best, i).lanewise(VectorOperators.MAX, rival).intoArray(best, i);
    }
    for (; i < n; i++) {
      best[i] = Math.max(best[i], x[at + i]);
    }
  }

  private static void squaredDeviationTo(float[] x, int at, float[] mean, int n, float[] sum) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector middle = FloatVector.fromArray(S, mean, i);
      FloatVector deviation = FloatVector.fromArray(S, x, at + i).sub(middle);
      deviation.fma(deviation, FloatVector.fromArray(S, sum, i)).intoArray(sum, i);
    }
    for (; i < n; i++) {
      float deviation = x[at + i] - mean[i];
      sum[i] = Math.fma(deviation, deviation, sum[i]);
    }
  }

  private static void normSumsTo(
      float[] dy, float[] x, int at, float[] mean, int n, float[] sum, float[] product) {
    int i = 0;
    for (; i < S.loopBound(n); i += S.length()) {
      FloatVector upstream = FloatVector.fromArray(S, dy, at + i);
      FloatVector.fromArray(S, sum, i).add(upstream).intoArray(sum, i);
      FloatVector middle = FloatVector.fromArray(S, mean, i);
      FloatVector deviation = FloatVector.fromArray(S, x, at + i).sub(middle);
      deviation.fma(upstream, FloatVector.fromArray(S, product, i)).intoArray(product, i);
    }
    for (; i < n; i++) {
      sum[i] += dy[at + i];
      product[i] = Math.fma(x[at + i] - mean[i], dy[at + i], product[i]);
    }
  }
}
