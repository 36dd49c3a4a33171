package org.espalier.sparse.mask;

import java.util.Collection;
import org.espalier.tensor.Tensor;

/**
 * Charges for connections: adds {@code lambda · N} to the objective, N being the number of open
 * masks (SCL, 2.3). One coefficient serves the whole network.
 *
 * @param lambda the cost of one connection, at least 0
 * @param normalizeByTotal whether N counts as a share of all connections (reconstructed)
 */
public record ConnectionCountRegularizer(double lambda, boolean normalizeByTotal) {
  /** Creates the regulariser; lambda must be finite and at least 0. */
  public ConnectionCountRegularizer {
    if (!(lambda >= 0 && lambda < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "sparse connectivity: lambda must be at least 0 and finite, got " + lambda);
    }
  }

  /** Returns a regulariser of the plain count. */
  public static ConnectionCountRegularizer of(double lambda) {
    return new ConnectionCountRegularizer(lambda, false);
  }

  /** Returns the number of connections that exist now. */
  public static long active(Collection<LearnedMask> masks) {
    return masks.stream().mapToLong(LearnedMask::active).sum();
  }

  /** Returns the number of connections that there could be. */
  public static long total(Collection<LearnedMask> masks) {
    return masks.stream().mapToLong(mask -> mask.score().shape().count()).sum();
  }

  /** Returns the cost of one connection of these masks. */
  public double costOfOne(Collection<LearnedMask> masks) {
    return normalizeByTotal ? lambda / Math.max(1, total(masks)) : lambda;
  }

  /** Returns the term that the objective gets. */
  public double of(Collection<LearnedMask> masks) {
    return costOfOne(masks) * active(masks);
  }

  /**
   * Adds {@code cost · h'(m)}, the charge's gradient by the mask's own estimator, to a gradient of
   * its scores.
   */
  public static void addGradient(double cost, LearnedMask mask, Tensor gradient) {
    if (cost == 0) {
      return;
    }
    Tensor scores = mask.score().raw();
    for (int i = 0; i < gradient.count(); i++) {
      gradient.set(i, gradient.get(i) + cost * mask.proxy().derivative(scores.get(i)));
    }
  }
}
