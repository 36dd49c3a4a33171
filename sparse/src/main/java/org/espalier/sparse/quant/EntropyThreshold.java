package org.espalier.sparse.quant;

import java.util.Arrays;

/**
 * Is the threshold at which a histogram of magnitudes loses least when it is reduced to few levels,
 * by Kullback-Leibler divergence (resource-efficiency survey, Q7.4).
 *
 * <p>For each i from the number of levels L to that of bins: P is the first i bins, all mass beyond
 * added to the last; level j covers bins {@code floor(j·i/L)} up to {@code floor((j+1)·i/L)}; Q
 * spreads what the unclipped histogram has there evenly over the bins where P is above 0. Both are
 * smoothed on counts, each empty bin gets 1e-4 from the others, and normalised; {@code D = Σ P
 * ln(P/Q)}. The first of equal ones wins.
 *
 * @param value the threshold, {@code bin·max/bins}
 * @param bin the number i of bins kept
 * @param divergence its divergence, infinite where no candidate has one: then all bins are kept
 */
public record EntropyThreshold(double value, int bin, double divergence) {
  private static final double SMOOTHING = 1e-4;

  /**
   * Returns the best threshold of a histogram on {@code [0, max]}.
   *
   * @param levels the number of levels L, at most that of bins
   */
  public static EntropyThreshold of(long[] histogram, double max, int levels) {
    double[] divergences = divergences(histogram, levels);
    int best = divergences.length - 1;
    for (int k = divergences.length - 1; k >= 0; k--) {
      best = divergences[k] <= divergences[best] ? k : best;
    }
    if (divergences[best] == Double.POSITIVE_INFINITY) {
      best = divergences.length - 1;
    }
    int bin = levels + best;
    return new EntropyThreshold(bin * max / histogram.length, bin, divergences[best]);
  }

  /**
   * Returns the divergence of each number of bins from L on; infinite where smoothing cannot fill
   * the empty bins.
   */
  public static double[] divergences(long[] histogram, int levels) {
    if (levels < 1 || histogram.length < levels) {
      throw new IllegalArgumentException(
          "entropy: levels must be 1 or more and bins at least as many, got %d levels, %d bins"
              .formatted(levels, histogram.length));
    }
    double[] divergences = new double[histogram.length - levels + 1];
    double[] p = new double[histogram.length];
    double[] q = new double[histogram.length];
    for (int i = levels; i <= histogram.length; i++) {
      clip(histogram, i, p);
      reduce(histogram, i, levels, p, q);
      boolean isSmooth = smooth(p, i) && smooth(q, i);
      divergences[i - levels] = isSmooth ? divergence(p, q, i) : Double.POSITIVE_INFINITY;
    }
    return divergences;
  }

  private static void clip(long[] histogram, int i, double[] p) {
    for (int b = 0; b < i; b++) {
      p[b] = histogram[b];
    }
    for (int b = i; b < histogram.length; b++) {
      p[i - 1] += histogram[b];
    }
  }

  private static void reduce(long[] histogram, int i, int levels, double[] p, double[] q) {
    Arrays.fill(q, 0, i, 0);
    for (int level = 0; level < levels; level++) {
      int from = (int) ((long) level * i / levels);
      int end = (int) ((level + 1L) * i / levels);
      double sum = 0;
      int filled = 0;
      for (int b = from; b < end; b++) {
        sum += histogram[b];
        filled += p[b] > 0 ? 1 : 0;
      }
      for (int b = from; b < end; b++) {
        q[b] = p[b] > 0 ? sum / filled : 0;
      }
    }
  }

  /** Gives empty bins a little of the others; tells whether all are above 0 then. */
  private static boolean smooth(double[] counts, int length) {
    int zeros = 0;
    for (int b = 0; b < length; b++) {
      zeros += counts[b] == 0 ? 1 : 0;
    }
    if (zeros == length) {
      return false;
    }
    double taken = SMOOTHING * zeros / (length - zeros);
    for (int b = 0; b < length; b++) {
      counts[b] = counts[b] == 0 ? SMOOTHING : counts[b] - taken;
      if (counts[b] <= 0) {
        return false;
      }
    }
    return true;
  }

  private static double divergence(double[] p, double[] q, int length) {
    double sumP = 0;
    double sumQ = 0;
    for (int b = 0; b < length; b++) {
      sumP += p[b];
      sumQ += q[b];
    }
    double divergence = 0;
    for (int b = 0; b < length; b++) {
      double share = p[b] / sumP;
      divergence += share * Math.log(share / (q[b] / sumQ));
    }
    return divergence;
  }
}
