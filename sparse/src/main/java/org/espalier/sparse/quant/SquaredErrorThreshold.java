package org.espalier.sparse.quant;

/**
 * Is the threshold of least squared error among {@code T_j = j/steps·max|x|} (resource-efficiency
 * survey, Q7.3).
 *
 * <pre>
 * s = T_j/qmax,  error = mean (x - s·clamp(round(x/s), -qmax, qmax))²
 * </pre>
 *
 * <p>The first of equal ones wins. {@code qmax = 2^(bits-1) - 1}, or {@code 2^bits - 1} of a tensor
 * that is never negative.
 *
 * @param value the threshold
 * @param step its number j, from 1; 0 where all values are 0
 * @param error its mean squared error
 * @param errorAtMax the mean squared error of the largest magnitude as threshold
 */
public record SquaredErrorThreshold(double value, int step, double error, double errorAtMax) {
  static SquaredErrorThreshold of(Magnitudes values, int bits, boolean isSymmetric, int steps) {
    int sign = isSymmetric || values.hasNegative() ? 1 : 0;
    return ofLevels(values, (1 << (bits - sign)) - 1, steps);
  }

  /**
   * Returns the threshold of a grid of magnitudes {@code 0..qmax}.
   *
   * @param steps the number of thresholds tried
   */
  public static SquaredErrorThreshold ofLevels(Magnitudes values, int qmax, int steps) {
    if (qmax < 1) {
      throw new IllegalArgumentException(
          "squared error: a tensor with values below 0 needs 2 bits or more");
    }
    if (values.max() == 0) {
      return new SquaredErrorThreshold(0, 0, 0, 0);
    }
    double best = Double.POSITIVE_INFINITY;
    double error = 0;
    int step = 0;
    for (int j = 1; j <= steps; j++) {
      error = error(values, (double) j / steps * values.max() / qmax, qmax);
      if (error < best) {
        best = error;
        step = j;
      }
    }
    return new SquaredErrorThreshold((double) step / steps * values.max(), step, best, error);
  }

  private static double error(Magnitudes values, double scale, int qmax) {
    double sum = 0;
    for (int i = 0; i < values.size(); i++) {
      double x = values.get(i);
      double difference = x - scale * Math.min(qmax, Math.rint(x / scale));
      sum += difference * difference;
    }
    return values.size() == 0 ? 0 : sum / values.size();
  }
}
