package org.espalier.sparse.lowrank;

import java.util.Arrays;
import java.util.List;
import org.espalier.sparse.prune.criterion.batchnorm.StandardNormal;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Cholesky;

/**
 * Says how much below the best value so far a function may be expected to lie at a point, by a
 * Gaussian process through the points where it is known (Jones, Schonlau and Welch, Efficient
 * Global Optimization of Expensive Black-Box Functions, 1998): {@code (best - μ)·Φ(z) + σ·φ(z)},
 * {@code z = (best - μ)/σ}.
 *
 * <p>The covariance is Matérn's with ν = 5/2. Of a few length scales that of the largest likelihood
 * is taken. Values are brought to mean 0 and variance 1 first.
 */
final class ExpectedImprovement {
  /** How many random points a caller compares. */
  static final int CANDIDATES = 1000;

  private static final double NOISE = 1e-4;
  private static final double[] LENGTHS = {0.1, 0.2, 0.4, 0.8, 1.6, 3.2};

  private final List<double[]> points;
  private final double mean;
  private final double deviation;
  private final double best;
  private double length;
  private double likelihood = Double.NEGATIVE_INFINITY;
  private Cholesky covariance;
  private Tensor weights;

  /**
   * Fits the process.
   *
   * @param points in the unit cube, at least one
   * @param values the function there
   */
  ExpectedImprovement(List<double[]> points, double... values) {
    this.points = points;
    mean = Arrays.stream(values).average().orElse(0);
    double square = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElse(0);
    deviation = square > 0 ? Math.sqrt(square) : 1;
    double[] standard = Arrays.stream(values).map(v -> (v - mean) / deviation).toArray();
    best = Arrays.stream(standard).min().orElse(0);
    for (double candidate : LENGTHS) {
      fit(candidate * Math.sqrt(points.get(0).length), standard);
    }
  }

  private void fit(double candidate, double... values) {
    int n = values.length;
    Tensor matrix = Tensor.zeros(DType.F64, Shape.of(n, n));
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double k = covariance(points.get(i), points.get(j), candidate);
        matrix.set(i * n + j, k + (i == j ? NOISE : 0));
      }
    }
    Cholesky factor = Cholesky.of(matrix);
    Tensor solved = factor.solve(Tensor.of(Shape.of(n), values));
    double log = 0;
    for (int i = 0; i < n; i++) {
      log -= 0.5 * values[i] * solved.get(i) + Math.log(factor.lower().get(i * n + i));
    }
    if (log > likelihood) {
      likelihood = log;
      length = candidate;
      covariance = factor;
      weights = solved;
    }
  }

  private static double covariance(double[] a, double[] b, double length) {
    double square = 0;
    for (int i = 0; i < a.length; i++) {
      square += (a[i] - b[i]) * (a[i] - b[i]);
    }
    double r = Math.sqrt(5 * square) / length;
    return (1 + r + r * r / 3) * Math.exp(-r);
  }

  /** Returns the expected improvement at a point, in units of the values' deviation. */
  double at(double... point) {
    int n = points.size();
    Tensor k = Tensor.zeros(DType.F64, Shape.of(n));
    for (int i = 0; i < n; i++) {
      k.set(i, covariance(point, points.get(i), length));
    }
    Tensor solved = covariance.solve(k);
    double mu = 0;
    double variance = 1;
    for (int i = 0; i < n; i++) {
      mu += k.get(i) * weights.get(i);
      variance -= k.get(i) * solved.get(i);
    }
    double sigma = Math.sqrt(Math.max(variance, 0));
    double gain = best - mu;
    return sigma == 0
        ? Math.max(gain, 0)
        : gain * StandardNormal.distribution(gain / sigma)
            + sigma * StandardNormal.density(gain / sigma);
  }
}
