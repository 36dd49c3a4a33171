package org.espalier.nn;

import org.espalier.tensor.Random;

/**
 * Draws from a normal distribution cut to an interval, by rejection: normal proposals where the
 * interval is wide and holds the mean, uniform ones where it is narrow or in a tail.
 *
 * @param mean the mean before cutting
 * @param deviation the standard deviation before cutting
 * @param low the finite lower bound
 * @param high the finite upper bound
 */
record TruncatedNormal(double mean, double deviation, double low, double high) {
  /** Creates the distribution. */
  TruncatedNormal {
    if (!(low < high) || !Double.isFinite(high - low)) {
      throw new IllegalArgumentException(
          "init: a truncated normal needs finite low < high, got " + low + " and " + high);
    }
    if (deviation == 0 && (mean < low || mean > high)) {
      throw new IllegalArgumentException(
          "init: a truncated normal without deviation needs its mean %s inside [%s, %s]"
              .formatted(mean, low, high));
    }
  }

  /** Returns one number; the stream is used up by it. */
  double draw(Random random) {
    if (deviation == 0) {
      return mean;
    }
    return isWide() ? byNormal(random) : byUniform(random);
  }

  private boolean isWide() {
    return low < mean && mean < high && high - low > 2 * deviation;
  }

  private double byNormal(Random random) {
    for (int attempt = 0; ; attempt++) {
      double x = mean + deviation * random.normal(attempt);
      if (low <= x && x <= high) {
        return x;
      }
    }
  }

  private double byUniform(Random random) {
    double mode = Math.max(low, Math.min(mean, high));
    for (int attempt = 0; ; attempt++) {
      double x = low + (high - low) * random.uniform(2L * attempt);
      if (random.uniform(2L * attempt + 1) <= Math.exp(exponent(x) - exponent(mode))) {
        return x;
      }
    }
  }

  private double exponent(double x) {
    double z = (x - mean) / deviation;
    return -0.5 * z * z;
  }
}
