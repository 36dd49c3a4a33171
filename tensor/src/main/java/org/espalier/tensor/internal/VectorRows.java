package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.espalier.tensor.kernel.Binary;

/**
 * Works on the stretches of a {@link SpanWalk} with vectors, where the tensors lie: no copies.
 *
 * <p>Every loop has the same form: for each vector of a period, the numbers of its channels are
 * loaded into registers once, and all vectors of the stretch that meet the same channels follow, a
 * period apart; what is left behind the last whole vector goes element by element. With the numbers
 * loaded anew for each vector, the loops would take twice as long. The loops of training go four
 * vectors at a time where the period allows, see {@link VectorRowQuads}. Each loop is a static
 * method of its own; nothing is passed to it that the compiler would have to see through. The casts
 * of sums before they are stored keep them in registers, see {@link VectorRowTile}.
 */
final class VectorRows implements RowLoops {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = S.length();

  @Override
  public boolean periodic() {
    return true;
  }

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
      case MAX ->
          (at, n, period, companions, scratch) -> extreme(x, at, companions[0], 1, n, period, out);
      case MIN ->
          (at, n, period, companions, scratch) -> extreme(x, at, companions[0], -1, n, period, out);
    };
  }

  @Override
  public SpanWalk.Stretch scaleShift(float[] x, boolean rectify, float[] y) {
    return (at, n, period, companions, scratch) ->
        scaleShift(x, at, companions[0], companions[1], n, period, rectify, y);
  }

  @Override
  public SpanWalk.Stretch combine(float[] x, float[] y, float[] out) {
    return (at, n, period, companions, scratch) -> combine(x, y, companions, at, n, period, out);
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
  public SpanWalk.Fold deviations(float[] x) {
    return (at, n, period, results, companions, scratch) ->
        deviationsTo(x, at, companions[0], n, period, results[0], results[1]);
  }

  @Override
  public SpanWalk.Fold normSums(float[] dy, float[] x) {
    return (at, n, period, results, companions, scratch) ->
        normSumsTo(dy, x, at, companions, n, period, results[0], results[1]);
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
    // The least number leaves everything as it is but NaN, which stays NaN either way.
    float least = rectify ? 0 : Float.NEGATIVE_INFINITY;
    int done;
    if (VectorRowQuads.fit(period)) {
      done = VectorRowQuads.scaleShift(x, at, scale, shift, n, period, least, y);
    } else {
      done = S.loopBound(n);
      for (int j = 0; j < period && j < done; j += LANES) {
        FloatVector factor = numbers(scale, j, 1);
        FloatVector term = numbers(shift, j, -0f);
        int count = (done - j + period - 1) / period;
        for (int k = 0, i = at + j; k < count; k++, i += period) {
          FULL_TYPE
              .cast(FloatVector.fromArray(S, x, i).fma(factor, term).max(least))
              .intoArray(y, i);
        }
      }
    }
    for (int i = done, c = done % period; i < n; i++, c++) {
      float affine = Math.fma(x[at + i], number(scale, c, 1), number(shift, c, -0f));
      y[at + i] = Math.max(affine, least);
    }
  }

  private static void subtract(float[] x, int at, float[] y, int n, int period, float[] out) {
    int whole = S.loopBound(n);
    for (int j = 0; j < period && j < whole; j += LANES) {
      FloatVector right = FloatVector.fromArray(S, y, j);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FULL_TYPE.cast(FloatVector.fromArray(S, x, i).sub(right)).intoArray(out, i);
      }
    }
    for (int i = whole, c = whole % period; i < n; i++, c++) {
      out[at + i] = x[at + i] - y[c];
    }
  }

  private static void divide(float[] x, int at, float[] y, int n, int period, float[] out) {
    int whole = S.loopBound(n);
    for (int j = 0; j < period && j < whole; j += LANES) {
      FloatVector right = FloatVector.fromArray(S, y, j);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FULL_TYPE.cast(FloatVector.fromArray(S, x, i).div(right)).intoArray(out, i);
      }
    }
    for (int i = whole, c = whole % period; i < n; i++, c++) {
      out[at + i] = x[at + i] / y[c];
    }
  }

  /** Computes the maximum, or with sign -1 the minimum, which is the maximum of the opposites. */
  private static void extreme(
      float[] x, int at, float[] y, float sign, int n, int period, float[] out) {
    int whole = S.loopBound(n);
    for (int j = 0; j < period && j < whole; j += LANES) {
      FloatVector right = FloatVector.fromArray(S, y, j).mul(sign);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FULL_TYPE
            .cast(FloatVector.fromArray(S, x, i).mul(sign).max(right).mul(sign))
            .intoArray(out, i);
      }
    }
    for (int i = whole, c = whole % period; i < n; i++, c++) {
      out[at + i] = sign * Math.max(sign * x[at + i], sign * y[c]);
    }
  }

  private static void combine(
      float[] x, float[] y, float[][] companions, int at, int n, int period, float[] out) {
    float[] a = companions[0];
    float[] b = companions[1];
    float[] c = companions[2];
    float[] gate = companions[3];
    int done;
    if (VectorRowQuads.fit(period)) {
      done = VectorRowQuads.combine(x, y, a, b, c, gate, at, n, period, out);
    } else {
      done = S.loopBound(n);
      for (int j = 0; j < period && j < done; j += LANES) {
        FloatVector factorX = FloatVector.fromArray(S, a, j);
        FloatVector factorY = FloatVector.fromArray(S, b, j);
        FloatVector term = FloatVector.fromArray(S, c, j);
        FloatVector shift = numbers(gate, j, Float.POSITIVE_INFINITY);
        int count = (done - j + period - 1) / period;
        for (int k = 0, i = at + j; k < count; k++, i += period) {
          FloatVector right = FloatVector.fromArray(S, y, i);
          FloatVector open = FloatVector.fromArray(S, x, i);
          FloatVector left =
              FloatVector.zero(S)
                  .blend(open, right.fma(factorX, shift).compare(VectorOperators.GT, 0f));
          FULL_TYPE.cast(left.fma(factorX, right.fma(factorY, term))).intoArray(out, i);
        }
      }
    }
    for (int i = done, k = done % period; i < n; i++, k++) {
      float right = y[at + i];
      float left = isOpen(right, a[k], number(gate, k, Float.POSITIVE_INFINITY)) ? x[at + i] : 0;
      out[at + i] = Math.fma(left, a[k], Math.fma(right, b[k], c[k]));
    }
  }

  /**
   * Tells whether the rectifier let {@code x · scale + shift} through; always where the shift is
   * infinite, which stands for no rectifier.
   */
  private static boolean isOpen(float x, float scale, float shift) {
    return Math.fma(x, scale, shift) > 0;
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
    for (int i = whole, c = whole % period; i < n; i++, c++) {
      sum[c] += x[at + i];
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
    for (int i = whole, c = whole % period; i < n; i++, c++) {
      best[c] = Math.max(best[c], x[at + i]);
    }
  }

  private static void deviationsTo(
      float[] x, int at, float[] centre, int n, int period, float[] sum, float[] square) {
    int done;
    if (VectorRowQuads.fit(period)) {
      done = VectorRowQuads.deviations(x, at, centre, n, period, sum, square);
    } else {
      done = S.loopBound(n);
      for (int j = 0; j < period && j < done; j += LANES) {
        FloatVector middle = FloatVector.fromArray(S, centre, j);
        FloatVector total = FloatVector.fromArray(S, sum, j);
        FloatVector squares = FloatVector.fromArray(S, square, j);
        int count = (done - j + period - 1) / period;
        for (int k = 0, i = at + j; k < count; k++, i += period) {
          FloatVector deviation = FloatVector.fromArray(S, x, i).sub(middle);
          total = total.add(deviation);
          squares = deviation.fma(deviation, squares);
        }
        FULL_TYPE.cast(total).intoArray(sum, j);
        FULL_TYPE.cast(squares).intoArray(square, j);
      }
    }
    for (int i = done, c = done % period; i < n; i++, c++) {
      float deviation = x[at + i] - centre[c];
      sum[c] += deviation;
      square[c] = Math.fma(deviation, deviation, square[c]);
    }
  }

  private static void normSumsTo(
      float[] dy,
      float[] x,
      int at,
      float[][] companions,
      int n,
      int period,
      float[] sum,
      float[] product) {
    float[] mean = companions[0];
    float[] scale = companions[1];
    float[] shift = companions[2];
    int done;
    if (VectorRowQuads.fit(period)) {
      done = VectorRowQuads.normSums(dy, x, at, mean, scale, shift, n, period, sum, product);
    } else {
      done = S.loopBound(n);
      for (int j = 0; j < period && j < done; j += LANES) {
        FloatVector middle = FloatVector.fromArray(S, mean, j);
        FloatVector factor = numbers(scale, j, 1);
        FloatVector term = numbers(shift, j, Float.POSITIVE_INFINITY);
        FloatVector total = FloatVector.fromArray(S, sum, j);
        FloatVector products = FloatVector.fromArray(S, product, j);
        int count = (done - j + period - 1) / period;
        for (int k = 0, i = at + j; k < count; k++, i += period) {
          FloatVector value = FloatVector.fromArray(S, x, i);
          FloatVector open = FloatVector.fromArray(S, dy, i);
          FloatVector upstream =
              FloatVector.zero(S)
                  .blend(open, value.fma(factor, term).compare(VectorOperators.GT, 0f));
          total = total.add(upstream);
          products = value.sub(middle).fma(upstream, products);
        }
        FULL_TYPE.cast(total).intoArray(sum, j);
        FULL_TYPE.cast(products).intoArray(product, j);
      }
    }
    for (int i = done, c = done % period; i < n; i++, c++) {
      float value = x[at + i];
      boolean open = isOpen(value, number(scale, c, 1), number(shift, c, Float.POSITIVE_INFINITY));
      float upstream = open ? dy[at + i] : 0;
      sum[c] += upstream;
      product[c] = Math.fma(value - mean[c], upstream, product[c]);
    }
  }
}
