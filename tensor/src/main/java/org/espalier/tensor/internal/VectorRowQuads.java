package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Holds the loops of {@link VectorRows} that batch norm lives on, four neighbouring vectors at a
 * time.
 *
 * <p>Four sums side by side hide the latency of each addition, which would else hold the loop at a
 * third of the cache's bandwidth, and four neighbours are read as memory brings them, from the
 * first to the last. Where the channels are fewer than four vectors the same numbers stand in
 * several registers. Each method returns how many elements it did.
 */
final class VectorRowQuads {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = S.length();
  private static final int QUAD = 4 * LANES;

  // What stands for absent numbers: choosing an array costs nothing, choosing a vector boxes it.
  private static final float[] ONES = constant(1);
  private static final float[] NOTHING = constant(-0f);
  private static final float[] OPEN = constant(Float.POSITIVE_INFINITY);

  private VectorRowQuads() {}

  /** Tells whether the loops serve this period. */
  static boolean fit(int period) {
    return period % QUAD == 0;
  }

  private static float[] constant(float value) {
    float[] numbers = new float[QUAD];
    Arrays.fill(numbers, value);
    return numbers;
  }

  /** Computes {@code y = max(x · scale + shift, least)}. */
  static int scaleShift(
      float[] x, int at, float[] scale, float[] shift, int n, int period, float least, float[] y) {
    int whole = n / QUAD * QUAD;
    float[] factors = scale == null ? ONES : scale;
    float[] terms = shift == null ? NOTHING : shift;
    for (int j = 0; j < period && j < whole; j += QUAD) {
      int atFactor = scale == null ? 0 : j;
      int atTerm = shift == null ? 0 : j;
      FloatVector factor0 = FloatVector.fromArray(S, factors, atFactor);
      FloatVector term0 = FloatVector.fromArray(S, terms, atTerm);
      FloatVector factor1 = FloatVector.fromArray(S, factors, atFactor + LANES);
      FloatVector term1 = FloatVector.fromArray(S, terms, atTerm + LANES);
      FloatVector factor2 = FloatVector.fromArray(S, factors, atFactor + 2 * LANES);
      FloatVector term2 = FloatVector.fromArray(S, terms, atTerm + 2 * LANES);
      FloatVector factor3 = FloatVector.fromArray(S, factors, atFactor + 3 * LANES);
      FloatVector term3 = FloatVector.fromArray(S, terms, atTerm + 3 * LANES);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FloatVector y0 = FloatVector.fromArray(S, x, i).fma(factor0, term0);
        FULL_TYPE.cast(y0.max(least)).intoArray(y, i);
        FloatVector y1 = FloatVector.fromArray(S, x, i + LANES).fma(factor1, term1);
        FULL_TYPE.cast(y1.max(least)).intoArray(y, i + LANES);
        FloatVector y2 = FloatVector.fromArray(S, x, i + 2 * LANES).fma(factor2, term2);
        FULL_TYPE.cast(y2.max(least)).intoArray(y, i + 2 * LANES);
        FloatVector y3 = FloatVector.fromArray(S, x, i + 3 * LANES).fma(factor3, term3);
        FULL_TYPE.cast(y3.max(least)).intoArray(y, i + 3 * LANES);
      }
    }
    return whole;
  }

  /** Computes {@code out = a · x · [a · y + gate > 0] + b · y + c}; no gate is always open. */
  static int combine(
      float[] x,
      float[] y,
      float[] a,
      float[] b,
      float[] c,
      float[] gate,
      int at,
      int n,
      int period,
      float[] out) {
    int whole = n / QUAD * QUAD;
    float[] terms = gate == null ? OPEN : gate;
    FloatVector zero = FloatVector.zero(S);
    for (int j = 0; j < period && j < whole; j += QUAD) {
      int atTerm = gate == null ? 0 : j;
      FloatVector a0 = FloatVector.fromArray(S, a, j);
      FloatVector b0 = FloatVector.fromArray(S, b, j);
      FloatVector c0 = FloatVector.fromArray(S, c, j);
      FloatVector g0 = FloatVector.fromArray(S, terms, atTerm);
      FloatVector a1 = FloatVector.fromArray(S, a, j + LANES);
      FloatVector b1 = FloatVector.fromArray(S, b, j + LANES);
      FloatVector c1 = FloatVector.fromArray(S, c, j + LANES);
      FloatVector g1 = FloatVector.fromArray(S, terms, atTerm + LANES);
      FloatVector a2 = FloatVector.fromArray(S, a, j + 2 * LANES);
      FloatVector b2 = FloatVector.fromArray(S, b, j + 2 * LANES);
      FloatVector c2 = FloatVector.fromArray(S, c, j + 2 * LANES);
      FloatVector g2 = FloatVector.fromArray(S, terms, atTerm + 2 * LANES);
      FloatVector a3 = FloatVector.fromArray(S, a, j + 3 * LANES);
      FloatVector b3 = FloatVector.fromArray(S, b, j + 3 * LANES);
      FloatVector c3 = FloatVector.fromArray(S, c, j + 3 * LANES);
      FloatVector g3 = FloatVector.fromArray(S, terms, atTerm + 3 * LANES);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FloatVector y0 = FloatVector.fromArray(S, y, i);
        FloatVector x0 = FloatVector.fromArray(S, x, i);
        FloatVector open0 = zero.blend(x0, y0.fma(a0, g0).compare(VectorOperators.GT, zero));
        FULL_TYPE.cast(open0.fma(a0, y0.fma(b0, c0))).intoArray(out, i);
        FloatVector y1 = FloatVector.fromArray(S, y, i + LANES);
        FloatVector x1 = FloatVector.fromArray(S, x, i + LANES);
        FloatVector open1 = zero.blend(x1, y1.fma(a1, g1).compare(VectorOperators.GT, zero));
        FULL_TYPE.cast(open1.fma(a1, y1.fma(b1, c1))).intoArray(out, i + LANES);
        FloatVector y2 = FloatVector.fromArray(S, y, i + 2 * LANES);
        FloatVector x2 = FloatVector.fromArray(S, x, i + 2 * LANES);
        FloatVector open2 = zero.blend(x2, y2.fma(a2, g2).compare(VectorOperators.GT, zero));
        FULL_TYPE.cast(open2.fma(a2, y2.fma(b2, c2))).intoArray(out, i + 2 * LANES);
        FloatVector y3 = FloatVector.fromArray(S, y, i + 3 * LANES);
        FloatVector x3 = FloatVector.fromArray(S, x, i + 3 * LANES);
        FloatVector open3 = zero.blend(x3, y3.fma(a3, g3).compare(VectorOperators.GT, zero));
        FULL_TYPE.cast(open3.fma(a3, y3.fma(b3, c3))).intoArray(out, i + 3 * LANES);
      }
    }
    return whole;
  }

  /** Adds {@code x - centre} to the sums and its squares to the squares. */
  static int deviations(
      float[] x, int at, float[] centre, int n, int period, float[] sum, float[] square) {
    int whole = n / QUAD * QUAD;
    for (int j = 0; j < period && j < whole; j += QUAD) {
      FloatVector centre0 = FloatVector.fromArray(S, centre, j);
      FloatVector sum0 = FloatVector.fromArray(S, sum, j);
      FloatVector square0 = FloatVector.fromArray(S, square, j);
      FloatVector centre1 = FloatVector.fromArray(S, centre, j + LANES);
      FloatVector sum1 = FloatVector.fromArray(S, sum, j + LANES);
      FloatVector square1 = FloatVector.fromArray(S, square, j + LANES);
      FloatVector centre2 = FloatVector.fromArray(S, centre, j + 2 * LANES);
      FloatVector sum2 = FloatVector.fromArray(S, sum, j + 2 * LANES);
      FloatVector square2 = FloatVector.fromArray(S, square, j + 2 * LANES);
      FloatVector centre3 = FloatVector.fromArray(S, centre, j + 3 * LANES);
      FloatVector sum3 = FloatVector.fromArray(S, sum, j + 3 * LANES);
      FloatVector square3 = FloatVector.fromArray(S, square, j + 3 * LANES);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FloatVector x0 = FloatVector.fromArray(S, x, i).sub(centre0);
        sum0 = sum0.add(x0);
        square0 = x0.fma(x0, square0);
        FloatVector x1 = FloatVector.fromArray(S, x, i + LANES).sub(centre1);
        sum1 = sum1.add(x1);
        square1 = x1.fma(x1, square1);
        FloatVector x2 = FloatVector.fromArray(S, x, i + 2 * LANES).sub(centre2);
        sum2 = sum2.add(x2);
        square2 = x2.fma(x2, square2);
        FloatVector x3 = FloatVector.fromArray(S, x, i + 3 * LANES).sub(centre3);
        sum3 = sum3.add(x3);
        square3 = x3.fma(x3, square3);
      }
      FULL_TYPE.cast(sum0).intoArray(sum, j);
      FULL_TYPE.cast(square0).intoArray(square, j);
      FULL_TYPE.cast(sum1).intoArray(sum, j + LANES);
      FULL_TYPE.cast(square1).intoArray(square, j + LANES);
      FULL_TYPE.cast(sum2).intoArray(sum, j + 2 * LANES);
      FULL_TYPE.cast(square2).intoArray(square, j + 2 * LANES);
      FULL_TYPE.cast(sum3).intoArray(sum, j + 3 * LANES);
      FULL_TYPE.cast(square3).intoArray(square, j + 3 * LANES);
    }
    return whole;
  }

  /**
   * Adds {@code dy · [scale · x + shift > 0]} to the sums and its products with {@code x - mean} to
   * the products; no shift is always open.
   */
  static int normSums(
      float[] dy,
      float[] x,
      int at,
      float[] mean,
      float[] scale,
      float[] shift,
      int n,
      int period,
      float[] sum,
      float[] product) {
    int whole = n / QUAD * QUAD;
    float[] factors = scale == null ? ONES : scale;
    float[] terms = shift == null ? OPEN : shift;
    FloatVector zero = FloatVector.zero(S);
    for (int j = 0; j < period && j < whole; j += QUAD) {
      int atFactor = scale == null ? 0 : j;
      int atTerm = shift == null ? 0 : j;
      FloatVector mean0 = FloatVector.fromArray(S, mean, j);
      FloatVector factor0 = FloatVector.fromArray(S, factors, atFactor);
      FloatVector term0 = FloatVector.fromArray(S, terms, atTerm);
      FloatVector sum0 = FloatVector.fromArray(S, sum, j);
      FloatVector product0 = FloatVector.fromArray(S, product, j);
      FloatVector mean1 = FloatVector.fromArray(S, mean, j + LANES);
      FloatVector factor1 = FloatVector.fromArray(S, factors, atFactor + LANES);
      FloatVector term1 = FloatVector.fromArray(S, terms, atTerm + LANES);
      FloatVector sum1 = FloatVector.fromArray(S, sum, j + LANES);
      FloatVector product1 = FloatVector.fromArray(S, product, j + LANES);
      FloatVector mean2 = FloatVector.fromArray(S, mean, j + 2 * LANES);
      FloatVector factor2 = FloatVector.fromArray(S, factors, atFactor + 2 * LANES);
      FloatVector term2 = FloatVector.fromArray(S, terms, atTerm + 2 * LANES);
      FloatVector sum2 = FloatVector.fromArray(S, sum, j + 2 * LANES);
      FloatVector product2 = FloatVector.fromArray(S, product, j + 2 * LANES);
      FloatVector mean3 = FloatVector.fromArray(S, mean, j + 3 * LANES);
      FloatVector factor3 = FloatVector.fromArray(S, factors, atFactor + 3 * LANES);
      FloatVector term3 = FloatVector.fromArray(S, terms, atTerm + 3 * LANES);
      FloatVector sum3 = FloatVector.fromArray(S, sum, j + 3 * LANES);
      FloatVector product3 = FloatVector.fromArray(S, product, j + 3 * LANES);
      int count = (whole - j + period - 1) / period;
      for (int k = 0, i = at + j; k < count; k++, i += period) {
        FloatVector x0 = FloatVector.fromArray(S, x, i);
        FloatVector dy0 = FloatVector.fromArray(S, dy, i);
        dy0 = zero.blend(dy0, x0.fma(factor0, term0).compare(VectorOperators.GT, zero));
        sum0 = sum0.add(dy0);
        product0 = x0.sub(mean0).fma(dy0, product0);
        FloatVector x1 = FloatVector.fromArray(S, x, i + LANES);
        FloatVector dy1 = FloatVector.fromArray(S, dy, i + LANES);
        dy1 = zero.blend(dy1, x1.fma(factor1, term1).compare(VectorOperators.GT, zero));
        sum1 = sum1.add(dy1);
        product1 = x1.sub(mean1).fma(dy1, product1);
        FloatVector x2 = FloatVector.fromArray(S, x, i + 2 * LANES);
        FloatVector dy2 = FloatVector.fromArray(S, dy, i + 2 * LANES);
        dy2 = zero.blend(dy2, x2.fma(factor2, term2).compare(VectorOperators.GT, zero));
        sum2 = sum2.add(dy2);
        product2 = x2.sub(mean2).fma(dy2, product2);
        FloatVector x3 = FloatVector.fromArray(S, x, i + 3 * LANES);
        FloatVector dy3 = FloatVector.fromArray(S, dy, i + 3 * LANES);
        dy3 = zero.blend(dy3, x3.fma(factor3, term3).compare(VectorOperators.GT, zero));
        sum3 = sum3.add(dy3);
        product3 = x3.sub(mean3).fma(dy3, product3);
      }
      FULL_TYPE.cast(sum0).intoArray(sum, j);
      FULL_TYPE.cast(product0).intoArray(product, j);
      FULL_TYPE.cast(sum1).intoArray(sum, j + LANES);
      FULL_TYPE.cast(product1).intoArray(product, j + LANES);
      FULL_TYPE.cast(sum2).intoArray(sum, j + 2 * LANES);
      FULL_TYPE.cast(product2).intoArray(product, j + 2 * LANES);
      FULL_TYPE.cast(sum3).intoArray(sum, j + 3 * LANES);
      FULL_TYPE.cast(product3).intoArray(product, j + 3 * LANES);
    }
    return whole;
  }
}
