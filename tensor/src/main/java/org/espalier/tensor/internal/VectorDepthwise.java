package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Adds up the products of a depthwise convolution with vectors, where the inputs lie. The casts
 * before the stores keep the sums in registers, see {@link VectorRowTile}.
 */
final class VectorDepthwise implements ScalarDepthwise.Products {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = S.length();

  @Override
  public boolean readsInPlace() {
    return true;
  }

  @Override
  public void add(float[][] reads, int[] at, float[][] weights, int taps, int length, float[] sum) {
    int i = 0;
    for (; i + 4 * LANES <= length; i += 4 * LANES) {
      four(reads, at, weights, taps, i, sum);
    }
    for (; i + LANES <= length; i += LANES) {
      one(reads, at, weights, taps, i, sum);
    }
    for (; i < length; i++) {
      float s = sum[i];
      for (int t = 0; t < taps; t++) {
        s = Math.fma(reads[t][at[t] + i], weights[t][i], s);
      }
      sum[i] = s;
    }
  }

  private static void four(
      float[][] reads, int[] at, float[][] weights, int taps, int i, float[] sum) {
    FloatVector s0 = FloatVector.fromArray(S, sum, i);
    FloatVector s1 = FloatVector.fromArray(S, sum, i + LANES);
    FloatVector s2 = FloatVector.fromArray(S, sum, i + 2 * LANES);
    FloatVector s3 = FloatVector.fromArray(S, sum, i + 3 * LANES);
    for (int t = 0; t < taps; t++) {
      float[] x = reads[t];
      float[] w = weights[t];
      int k = at[t] + i;
      s0 = FloatVector.fromArray(S, x, k).fma(FloatVector.fromArray(S, w, i), s0);
      FloatVector w1 = FloatVector.fromArray(S, w, i + LANES);
      s1 = FloatVector.fromArray(S, x, k + LANES).fma(w1, s1);
      FloatVector w2 = FloatVector.fromArray(S, w, i + 2 * LANES);
      s2 = FloatVector.fromArray(S, x, k + 2 * LANES).fma(w2, s2);
      FloatVector w3 = FloatVector.fromArray(S, w, i + 3 * LANES);
      s3 = FloatVector.fromArray(S, x, k + 3 * LANES).fma(w3, s3);
    }
    FULL_TYPE.cast(s0).intoArray(sum, i);
    FULL_TYPE.cast(s1).intoArray(sum, i + LANES);
    FULL_TYPE.cast(s2).intoArray(sum, i + 2 * LANES);
    FULL_TYPE.cast(s3).intoArray(sum, i + 3 * LANES);
  }

  private static void one(
      float[][] reads, int[] at, float[][] weights, int taps, int i, float[] sum) {
    FloatVector s = FloatVector.fromArray(S, sum, i);
    for (int t = 0; t < taps; t++) {
      FloatVector w = FloatVector.fromArray(S, weights[t], i);
      s = FloatVector.fromArray(S, reads[t], at[t] + i).fma(w, s);
    }
    FULL_TYPE.cast(s).intoArray(sum, i);
  }
}
