package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.espalier.tensor.kernel.Binary;

/**
 * Works on the stretches of a {@link SpanWalk} with vectors, where the tensors lie: no copies.
 *
 * <p>Every loop has the same form: for each vector of a period, the numbers of its channels are
 * loaded into registers once, and all vectors of the stretch that meet the same channels follow, a
 * period apart; what is left behind the last whole vector goes element by element. With the numbers
 * loaded anew for each vector, the loops would take twice as long. Each loop is a static method of
 * its own; nothing is passed to it that the compiler would have to see through. The casts of sums
 * before they are stored keep them in registers, see {@link VectorRowTile}.
 */
final class VectorRows implements RowLoops {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = S.length();

  @Override
  public SpanWalk.Stretch binary(Binary op, float[] x, float[] out) {
    return switch (op) {
      case ADD ->
          (at, n, period, companions, scratch) ->
              scaleShift(x, at, null, companions[0], n, period, false, out);
      case ADD_RELU ->
          (at, n, period, companions, scratch) ->
              scaleShift(x, at, null, companions[0], n, period, true, out);
      case MUL ->
          (at, n, period, companions, scratch) ->
              scaleShift(x, at, companions[0], null, n, period, false, out);
      case SUB ->
          (at, n, period, companions, scratch) -> subtract(x, at, companions[0], n, period, out);
      case DIV ->
          (at, n, period, companions, scratch) -> divide(x, at, companions[0], n, period, out);
      case MAX, MIN -> new ScalarRows().binary(op, x, out);
    };
  }

  @Override
  public SpanWalk.Stretch scaleShift(float[] x, boolean rectify, float[] y) {
    return (at, n, period, companions, scratch) ->
        scaleShift(x, at, companions[0], companions[1], n, period, rectify, y);
  }

  @Override
  public SpanWalk.Stretch combine(float[] x, float[] gate, float[] y, float[] out) {
    return (at, n, period, companions, scratch) ->
        combine(x, gate, y, companions[0], companions[1], companions[2], at, n, period, out);
  }

  @Override
  public SpanWalk.Fold sum(float[] x) {
    return (at, n, period, results, companions, scratch) -> addTo(x, at, n, period, results[0]);
  }

  @Override
  public SpanWalk.Fold maximum(float[] x) {
    return (at, n, period, results, companions, scratch) -> maximumTo(x, at, n, period, results[0]);
  }

  @Override
  public SpanWalk.Fold squaredDeviation(float[] x) {
    return (at, n, period, results, companions, scratch) ->
        squaredDeviationTo(x, at, companions[0], n, period, results[0]);
  }

  @Override
  public SpanWalk.Fold normSums(float[] dy, float[] gate, float[] x) {
    return (at, n, period, results, companions, scratch) ->
        normSumsTo(dy, gate, x, at, companions[0], n, period, results[0], results[1]);
  }

  /** Returns the numbers of the channels at {@code i}, the same for all where there are none. */
  private static FloatVector numbers(float[] companion, int i, float otherwise) {
    return companion == null
        ? FloatVector.broadcast(S, otherwise)
        : FloatVector.fromArray(S, companion, i);
  }

  private static float number(float[] companion, int i, float otherwise) {
    return companion == null ? otherwise : companion[i];
  }

  private static void scaleShift(
      float[] x,
      int at,
      float[] scale,
      float[] shift,
      int n,
      int period,
      boolean rectify,
      float[] y) {
    int whole = S.loopBound(n);
    // The least number leaves everything as it is but NaN, which stays NaN either way.
    float least = rectify ? 0 : Float.NEGATIVE_INFINITY;
    for (int j = 0; j < period && j < whole; j += LANES) {
      FloatVector factor = numbers(scale, j, 1);
      FloatVector term = numbers(shift, j, -0f);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FloatVector.fromArray(S, x, i).fma(factor, term).max(least).intoArray(y, i);
      }
    }
    for (int i = whole; i < n; i++) {
      float affine = Math.fma(x[at + i], number(scale, i, 1), number(shift, i, -0f));
      y[at + i] = Math.max(affine, least);
    }
  }

  private static void subtract(float[] x, int at, float[] y, int n, int period, float[] out) {
    int whole = S.loopBound(n);
    for (int j = 0; j < period && j < whole; j += LANES) {
      FloatVector right = FloatVector.fromArray(S, y, j);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FloatVector.fromArray(S, x, i).sub(right).intoArray(out, i);
      }
    }
    for (int i = whole; i < n; i++) {
      out[at + i] = x[at + i] - y[i];
    }
  }

  private static void divide(float[] x, int at, float[] y, int n, int period, float[] out) {
    int whole = S.loopBound(n);
    for (int j = 0; j < period && j < whole; j += LANES) {
      FloatVector right = FloatVector.fromArray(S, y, j);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FloatVector.fromArray(S, x, i).div(right).intoArray(out, i);
      }
    }
    for (int i = whole; i < n; i++) {
      out[at + i] = x[at + i] / y[i];
    }
  }

  private static void combine(
      float[] x,
      float[] gate,
      float[] y,
      float[] a,
      float[] b,
      float[] c,
      int at,
      int n,
      int period,
      float[] out) {
    int whole = S.loopBound(n);
    for (int j = 0; j < period && j < whole; j += LANES) {
      FloatVector factorX = FloatVector.fromArray(S, a, j);
      FloatVector factorY = FloatVector.fromArray(S, b, j);
      FloatVector term = FloatVector.fromArray(S, c, j);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FloatVector rest = FloatVector.fromArray(S, y, i).fma(factorY, term);
        gated(x, gate, i).fma(factorX, rest).intoArray(out, i);
      }
    }
    for (int i = whole; i < n; i++) {
      float first = gate == null || gate[at + i] > 0 ? x[at + i] : 0;
      out[at + i] = Math.fma(first, a[i], Math.fma(y[at + i], b[i], c[i]));
    }
  }

  /** Returns a vector of x, 0 where there is a gate that is not positive. */
  private static FloatVector gated(float[] x, float[] gate, int i) {
    FloatVector all = FloatVector.fromArray(S, x, i);
    if (gate == null) {
      return all;
    }
    VectorMask<Float> open = FloatVector.fromArray(S, gate, i).compare(VectorOperators.GT, 0f);
    return FloatVector.zero(S).blend(all, open);
  }

  private static void addTo(float[] x, int at, int n, int period, float[] sum) {
    int whole = S.loopBound(n);
    for (int j = 0; j < period && j < whole; j += LANES) {
      FloatVector total = FloatVector.fromArray(S, sum, j);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        total = total.add(FloatVector.fromArray(S, x, i));
      }
      FULL_TYPE.cast(total).intoArray(sum, j);
    }
    for (int i = whole; i < n; i++) {
      sum[i] += x[at + i];
    }
  }

  private static void maximumTo(float[] x, int at, int n, int period, float[] best) {
    int whole = S.loopBound(n);
    for (int j = 0; j < period && j < whole; j += LANES) {
      FloatVector highest = FloatVector.fromArray(S, best, j);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        highest = highest.max(FloatVector.fromArray(S, x, i));
      }
      FULL_TYPE.cast(highest).intoArray(best, j);
    }
    for (int i = whole; i < n; i++) {
      best[i] = Math.max(best[i], x[at + i]);
    }
  }

  private static void squaredDeviationTo(
      float[] x, int at, float[] mean, int n, int period, float[] sum) {
    int whole = S.loopBound(n);
    for (int j = 0; j < period && j < whole; j += LANES) {
      FloatVector middle = FloatVector.fromArray(S, mean, j);
      FloatVector total = FloatVector.fromArray(S, sum, j);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FloatVector deviation = FloatVector.fromArray(S, x, i).sub(middle);
        total = deviation.fma(deviation, total);
      }
      FULL_TYPE.cast(total).intoArray(sum, j);
    }
    for (int i = whole; i < n; i++) {
      float deviation = x[at + i] - mean[i];
      sum[i] = Math.fma(deviation, deviation, sum[i]);
    }
  }

  private static void normSumsTo(
      float[] dy,
      float[] gate,
      float[] x,
      int at,
      float[] mean,
      int n,
      int period,
      float[] sum,
      float[] product) {
    int whole = S.loopBound(n);
    for (int j = 0; j < period && j < whole; j += LANES) {
      FloatVector middle = FloatVector.fromArray(S, mean, j);
      FloatVector total = FloatVector.fromArray(S, sum, j);
      FloatVector products = FloatVector.fromArray(S, product, j);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FloatVector upstream = gated(dy, gate, i);
        total = total.add(upstream);
        products = FloatVector.fromArray(S, x, i).sub(middle).fma(upstream, products);
      }
      FULL_TYPE.cast(total).intoArray(sum, j);
      FULL_TYPE.cast(products).intoArray(product, j);
    }
    for (int i = whole; i < n; i++) {
      float upstream = gate == null || gate[at + i] > 0 ? dy[at + i] : 0;
      sum[i] += upstream;
      product[i] = Math.fma(x[at + i] - mean[i], upstream, product[i]);
    }
  }
}
