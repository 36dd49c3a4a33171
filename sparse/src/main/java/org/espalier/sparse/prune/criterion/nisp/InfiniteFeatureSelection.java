package org.espalier.sparse.prune.criterion.nisp;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Cholesky;
import org.espalier.tensor.linalg.Eigen;
import org.espalier.tensor.linalg.Qr;

/**
 * Ranks features by the energy of all paths through them in a graph whose edges say how much two
 * features vary and how little they agree (Roffo, Melzi and Cristani, "Infinite Feature Selection",
 * ICCV 2015; NISP, sheet 10, section 2.5):
 *
 * <pre>
 * A     = alpha · max(sigma_i, sigma_j) + (1 - alpha) · (1 - |spearman_ij|)
 * score = ((I - r·A)⁻¹ - I) · 1,   r = factor / ρ(A)
 * </pre>
 *
 * @param alpha the weight of deviations, in [0, 1]
 * @param factor how close r comes to where paths would not converge, in (0, 1)
 * @param variant which deviations, and which r
 */
public record InfiniteFeatureSelection(double alpha, double factor, Variant variant)
    implements ResponseScorer {
  private static final Logger LOG = System.getLogger(InfiniteFeatureSelection.class.getName());
  private static final double RADIUS_TOLERANCE = 1e-13;
  private static final int POWER_STEPS = 2000;

  /** Lists the forms in use. */
  public enum Variant {
    /** The paper of 2015: deviations over samples minus 1, as they are. */
    INFFS_2015,
    /** The same with the largest deviations of pairs mapped to [0, 1], as in the authors' code. */
    INFFS_2015_NORMALISED,
    /**
     * Deviations over all samples, and nothing to be had of a constant feature: a public NISP code.
     */
    INFFS_2015_POPULATION,
    /**
     * The authors' later code: normalised deviations, {@code A/(ρ + ε)} with the largest row sum ρ,
     * {@code r = (1 - ε)/ρ}, ε = 5e-6·features, and the identity left in (the factor is not used).
     */
    INFFS_U_2020
  }

  /** alpha 0.5, factor 0.9, the form of 2015. */
  public static final InfiniteFeatureSelection DEFAULT =
      new InfiniteFeatureSelection(0.5, 0.9, Variant.INFFS_2015);

  /** Creates the ranking. */
  public InfiniteFeatureSelection {
    if (!(alpha >= 0 && alpha <= 1)) {
      throw new IllegalArgumentException(
          "feature selection: alpha must be in [0, 1], got " + alpha);
    }
    if (!(factor > 0 && factor < 1)) {
      throw new IllegalArgumentException(
          "feature selection: factor must be in (0, 1), got " + factor);
    }
  }

  /** Returns this ranking with another weight of deviations. */
  public InfiniteFeatureSelection withAlpha(double other) {
    return new InfiniteFeatureSelection(other, factor, variant);
  }

  /** Returns this ranking in another form. */
  public InfiniteFeatureSelection withVariant(Variant other) {
    return new InfiniteFeatureSelection(alpha, factor, other);
  }

  /**
   * Holds a ranking and the numbers on the way.
   *
   * @param spearman rank correlations {@code [d, d]}
   * @param affinity A {@code [d, d]}
   * @param spectralRadius ρ(A)
   * @param r what A is multiplied by
   * @param scores one a feature; the higher, the more important
   */
  public record Ranking(
      Tensor spearman, Tensor affinity, double spectralRadius, double r, double... scores) {
    /** Returns a copy of the scores. */
    @Override
    public double[] scores() {
      return scores.clone();
    }

    /** Returns the features, the best first; of equal ones the lower number. */
    public int[] bestFirst() {
      return IntStream.range(0, scores.length)
          .boxed()
          .sorted(Comparator.comparingDouble(feature -> -scores[feature]))
          .mapToInt(Integer::intValue)
          .toArray();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Ranking ranking && Arrays.equals(scores, ranking.scores);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(scores);
    }
  }

  @Override
  public double[] score(Tensor features, Tensor classifier) {
    return rank(features).scores();
  }

  /**
   * Ranks features.
   *
   * @param features {@code [samples, features]}, at least two samples, all finite; not modified
   */
  public Ranking rank(Tensor features) {
    Features read = Features.of(features);
    if (read.constants().length > 0) {
      LOG.log(
          Level.WARNING,
          "feature selection: features {0} never change; nothing agrees with them, which counts in"
              + " their favour",
          Arrays.toString(read.constants()));
    }
    double[][] spearman = read.spearman();
    double[][] a = affinity(read, spearman);
    double radius = spectralRadius(a);
    double largest = Arrays.stream(a).mapToDouble(row -> Arrays.stream(row).sum()).max().orElse(0);
    double r = 0;
    double[] scores = new double[a.length];
    if (radius == 0 || a.length == 1) {
      Arrays.fill(scores, 1);
    } else if (variant == Variant.INFFS_U_2020) {
      double eps = 5e-6 * a.length;
      r = (1 - eps) / largest;
      scores = Qr.of(remainder(a, r / (largest + eps))).solve(ones(a.length)).toDoubles();
    } else {
      r = factor / radius;
      double[] sums = Cholesky.of(remainder(a, r)).solve(ones(a.length)).toDoubles();
      scores = Arrays.stream(sums).map(sum -> sum - 1).toArray();
    }
    return new Ranking(tensor(spearman), tensor(a), radius, r, scores);
  }

  private double[][] affinity(Features features, double[][] spearman) {
    int d = features.width();
    double[] sigma = features.deviations(variant == Variant.INFFS_2015_POPULATION ? 0 : 1);
    double[][] pairs = new double[d][d];
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        pairs[i][j] = Math.max(sigma[i], sigma[j]);
        low = Math.min(low, pairs[i][j]);
        high = Math.max(high, pairs[i][j]);
      }
    }
    boolean normalised =
        variant == Variant.INFFS_2015_NORMALISED || variant == Variant.INFFS_U_2020;
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        double deviation = pairs[i][j];
        if (normalised) {
          deviation = high == low ? 0 : (deviation - low) / (high - low);
        }
        boolean blank =
            variant == Variant.INFFS_2015_POPULATION
                && (features.isConstant(i) || features.isConstant(j));
        pairs[i][j] = blank ? 0 : alpha * deviation + (1 - alpha) * (1 - Math.abs(spearman[i][j]));
      }
    }
    return pairs;
  }

  /**
   * Returns the largest eigenvalue of a symmetric matrix without negative entries by power steps:
   * it lies between the least and the largest growth of any entry (Collatz and Wielandt).
   */
  private static double spectralRadius(double[][] a) {
    double largest = Arrays.stream(a).mapToDouble(row -> Arrays.stream(row).sum()).max().orElse(0);
    if (largest == 0) {
      return 0;
    }
    // The shift keeps an eigenvalue of equal size and other sign from interfering.
    double shift = largest / 2;
    double[] x = new double[a.length];
    Arrays.fill(x, 1);
    for (int step = 0; step < POWER_STEPS; step++) {
      double[] y = new double[x.length];
      double least = Double.POSITIVE_INFINITY;
      double most = 0;
      for (int i = 0; i < x.length; i++) {
        double sum = shift * x[i];
        for (int j = 0; j < x.length; j++) {
          sum += a[i][j] * x[j];
        }
        y[i] = sum;
        least = Math.min(least, sum / x[i]);
        most = Math.max(most, sum / x[i]);
      }
      if (most - least <= RADIUS_TOLERANCE * most) {
        return (most + least) / 2 - shift;
      }
      double norm = most;
      x = Arrays.stream(y).map(value -> Math.max(value / norm, Double.MIN_NORMAL)).toArray();
    }
    double[] values = Eigen.valuesOf(tensor(a)).toDoubles();
    return values[0];
  }

  /** Returns {@code I - scale·A}. */
  private static Tensor remainder(double[][] a, double scale) {
    Tensor rest = tensor(a);
    int d = a.length;
    for (int e = 0; e < rest.count(); e++) {
      rest.set(e, (e / d == e % d ? 1 : 0) - scale * rest.get(e));
    }
    return rest;
  }

  private static Tensor ones(int count) {
    return Tensor.full(DType.F64, Shape.of(count), 1);
  }

  private static Tensor tensor(double[][] rows) {
    double[] values = new double[rows.length * rows.length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, values, i * rows.length, rows.length);
    }
    return Tensor.of(Shape.of(rows.length, rows.length), values);
  }
}
