package org.espalier.tensor.internal;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Adds up the products of a depthwise convolution with vectors. */
final class VectorDepthwise {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = S.length();

  private VectorDepthwise() {}

  /** Computes what {@link ScalarDepthwise.Products} says, sums held in registers over all taps. */
  static void add(float[][] reads, float[][] weights, int taps, int length, float[] sum) {
    int i = 0;
    for (; i + 4 * LANES <= length; i += 4 * LANES) {
      FloatVector s0 = FloatVector.fromArray(S, sum, i);
      FloatVector s1 = FloatVector.fromArray(S, sum, i + LANES);
      FloatVector s2 = FloatVector.fromArray(S, sum, i + 2 * LANES);
      FloatVector s3 = FloatVector.fromArray(S, sum, i + 3 * LANES);
      for (int t = 0; t < taps; t++) {
        float[] x = reads[t];
        float[] w = weights[t];
        s0 = FloatVector.fromArray(S, x, i).fma(FloatVector.fromArray(S, w, i), s0);
        s1 = FloatVector.fromArray(S, x, i + LANES).fma(FloatVector.fromArray(S, w, i + LANES), s1);
        s2 =
            FloatVector.fromArray(S, x, i + 2 * LANES)
                .fma(FloatVector.fromArray(S, w, i + 2 * LANES), s2);
        s3 =
            FloatVector.fromArray(S, x, i + 3 * LANES)
                .fma(FloatVector.fromArray(S, w, i + 3 * LANES), s3);
      }
      s0.intoArray(sum, i);
      s1.intoArray(sum, i + LANES);
      s2.intoArray(sum, i + 2 * LANES);
      s3.intoArray(sum, i + 3 * LANES);
    }
    for (; i < length; i++) {
      float s = sum[i];
      for (int t = 0; t < taps; t++) {
        s = Math.fma(reads[t][i], weights[t][i], s);
      }
      sum[i] = s;
    }
  }
}
