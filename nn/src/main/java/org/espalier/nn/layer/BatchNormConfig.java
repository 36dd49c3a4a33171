package org.espalier.nn.layer;

import org.espalier.nn.Init;

/**
 * Holds the options of a {@link BatchNorm} (layers reference, section 3).
 *
 * @param eps added to the variance under the root
 * @param momentum share a of the new batch in {@code r ← (1-a)·r + a·batch}; null for the average
 *     of all batches seen
 * @param runningVariance which variance enters the running one
 * @param affine whether there are gamma and beta
 * @param trackRunningStats whether there are running statistics
 * @param gammaInit draws gamma
 */
public record BatchNormConfig(
    double eps,
    Double momentum,
    RunningVariance runningVariance,
    boolean affine,
    boolean trackRunningStats,
    Init gammaInit) {
  /** PyTorch's defaults: eps 1e-5, momentum 0.1, unbiased running variance. */
  public static final BatchNormConfig PYTORCH =
      new BatchNormConfig(1e-5, 0.1, RunningVariance.UNBIASED, true, true, Init.constant(1));

  /** The defaults of tf.keras: eps 1e-3, {@code r ← 0.99·r + 0.01·batch}, biased variance. */
  public static final BatchNormConfig KERAS =
      new BatchNormConfig(1e-3, 0.01, RunningVariance.BIASED, true, true, Init.constant(1));

  /** Creates the configuration; eps must be positive, momentum inside [0, 1]. */
  public BatchNormConfig {
    Checks.positive("batch_norm", "eps", eps);
    if (momentum != null) {
      Checks.probability("batch_norm: momentum", momentum);
    }
  }

  /** Returns this configuration with another eps. */
  public BatchNormConfig withEps(double other) {
    return new BatchNormConfig(
        other, momentum, runningVariance, affine, trackRunningStats, gammaInit);
  }

  /** Returns this configuration with another momentum in PyTorch's meaning; null is cumulative. */
  public BatchNormConfig withMomentum(Double other) {
    return new BatchNormConfig(eps, other, runningVariance, affine, trackRunningStats, gammaInit);
  }

  /** Returns this configuration with another running variance. */
  public BatchNormConfig withRunningVariance(RunningVariance other) {
    return new BatchNormConfig(eps, momentum, other, affine, trackRunningStats, gammaInit);
  }

  /** Returns this configuration without gamma and beta. */
  public BatchNormConfig withoutAffine() {
    return new BatchNormConfig(eps, momentum, runningVariance, false, trackRunningStats, gammaInit);
  }

  /** Returns this configuration without running statistics. */
  public BatchNormConfig withoutRunningStats() {
    return new BatchNormConfig(eps, momentum, runningVariance, affine, false, gammaInit);
  }

  /** Returns this configuration with another initialiser of gamma. */
  public BatchNormConfig withGammaInit(Init other) {
    return new BatchNormConfig(eps, momentum, runningVariance, affine, trackRunningStats, other);
  }
}
