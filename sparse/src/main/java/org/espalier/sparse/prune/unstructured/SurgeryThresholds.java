package org.espalier.sparse.prune.unstructured;

import org.espalier.tensor.Tensor;

/**
 * Holds the two thresholds of a layer in dynamic network surgery (resource-efficiency survey, P3),
 * measured once and frozen, as the authors' code does:
 *
 * <pre>
 * t = max(mu + c·sigma, 0);  prune where |w| <= 0.9·t, splice where |w| > 1.1·t, else keep the state
 * </pre>
 *
 * @param mu the mean of |w| over the weights that were not masked
 * @param sigma the root of their mean square less mu²
 * @param c how many deviations above the mean
 */
public record SurgeryThresholds(double mu, double sigma, double c) {
  /** Creates the thresholds; numbers must be finite. */
  public SurgeryThresholds {
    if (!Double.isFinite(mu) || !Double.isFinite(sigma) || !Double.isFinite(c)) {
      throw new IllegalArgumentException(
          "network surgery: mu %s, sigma %s and c %s must be finite".formatted(mu, sigma, c));
    }
  }

  /** Measures a weight where a mask is 1; null where it is 0 everywhere. */
  static SurgeryThresholds measure(Tensor weight, Tensor mask, double c) {
    double sum = 0;
    double squares = 0;
    long count = 0;
    for (int i = 0; i < weight.count(); i++) {
      if (mask.get(i) != 0) {
        sum += Math.abs(weight.get(i));
        squares += weight.get(i) * weight.get(i);
        count++;
      }
    }
    if (count == 0) {
      return null;
    }
    double mu = sum / count;
    return new SurgeryThresholds(mu, Math.sqrt(Math.max(squares / count - mu * mu, 0)), c);
  }

  private double middle() {
    return Math.max(mu + c * sigma, 0);
  }

  /** Returns the magnitude up to which a weight is pruned. */
  public double low() {
    return 0.9 * middle();
  }

  /** Returns the magnitude above which a weight is spliced back. */
  public double high() {
    return 1.1 * middle();
  }

  /** Changes a mask in place as the weights of now ask. */
  void update(Tensor weight, Tensor mask) {
    for (int i = 0; i < mask.count(); i++) {
      double magnitude = Math.abs(weight.get(i));
      if (magnitude <= low()) {
        mask.set(i, 0);
      } else if (magnitude > high()) {
        mask.set(i, 1);
      }
    }
  }
}
