package org.espalier.sparse.mask;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.optim.Optimizer;
import org.espalier.tensor.Shape;

/** Collects the options of {@link SparseConnectivity}; all but lambda have the sheet's defaults. */
public final class SparseConnectivityBuilder {
  final Shape sampleShape;
  final double lambda;
  final List<String> excluded = new ArrayList<>();
  boolean normalizeByTotal;
  int warmupSteps;
  double target = Double.NaN;
  StraightThrough proxy = StraightThrough.IDENTITY;
  MaskGradientNormalization normalization = MaskGradientNormalization.L2;
  double initial = 1;
  double activeDecay;
  int fineTune;
  Optimizer maskOptimizer =
      SparseConnectivity.defaultMaskOptimizer(SparseConnectivity.DEFAULT_MASK_RATE);
  private boolean allowNonPositiveProxy;
  private boolean allowMaskDecay;

  SparseConnectivityBuilder(Shape sampleShape, double lambda) {
    this.sampleShape = sampleShape;
    this.lambda = new ConnectionCountRegularizer(lambda, false).lambda();
  }

  /** Takes another estimator of the step's derivative; the identity is the default. */
  public SparseConnectivityBuilder straightThrough(StraightThrough value) {
    proxy = value;
    return this;
  }

  /** Permits an estimator whose derivative is not positive, to show that it fails. */
  public SparseConnectivityBuilder allowNonPositiveProxy() {
    allowNonPositiveProxy = true;
    return this;
  }

  /** Normalises mask gradients another way; L2 is the default. */
  public SparseConnectivityBuilder normalization(MaskGradientNormalization value) {
    normalization = value;
    return this;
  }

  /** Counts connections as a share of all, so that lambda is comparable between models. */
  public SparseConnectivityBuilder normalizeByTotal() {
    normalizeByTotal = true;
    return this;
  }

  /** Lets lambda rise linearly over the first steps; 0 is the default. */
  public SparseConnectivityBuilder lambdaWarmupSteps(int steps) {
    warmupSteps = atLeast0("lambdaWarmupSteps", steps);
    return this;
  }

  /**
   * Steers lambda to a sparsity, in (0, 1): after each epoch it is multiplied by 1.05 when the
   * sparsity is lower, divided when it is higher (an extension of the method).
   */
  public SparseConnectivityBuilder targetSparsity(double sparsity) {
    if (!(sparsity > 0 && sparsity < 1)) {
      throw new IllegalArgumentException(
          "sparse connectivity: the target sparsity must be between 0 and 1, got " + sparsity);
    }
    target = sparsity;
    return this;
  }

  /** Starts all mask variables at another value than 1; above 0 the network starts dense. */
  public SparseConnectivityBuilder initialMaskValue(double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(
          "sparse connectivity: the initial mask value must be finite, got " + value);
    }
    initial = value;
    return this;
  }

  /** Leaves the layers below these paths without masks. */
  public SparseConnectivityBuilder exclude(String... layers) {
    excluded.addAll(List.of(layers));
    return this;
  }

  /**
   * Adds the gradient of a weight decay to the masked weights' open connections only, so that
   * dropped ones keep their chance to return. The optimizer of the weights must not decay them too:
   * give it a {@link org.espalier.optim.Group} without decay for them.
   */
  public SparseConnectivityBuilder decayOnlyActive(double weightDecay) {
    if (!(weightDecay >= 0 && weightDecay < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "sparse connectivity: the weight decay must be at least 0, got " + weightDecay);
    }
    activeDecay = weightDecay;
    return this;
  }

  /**
   * Freezes the masks in the last epochs, in which the weights train on; 0 is the default. At least
   * the first epoch learns masks.
   */
  public SparseConnectivityBuilder fineTuneEpochs(int epochs) {
    fineTune = atLeast0("fineTuneEpochs", epochs);
    return this;
  }

  /** Gives masks another learning rate than 0.05, with momentum 0.9. */
  public SparseConnectivityBuilder maskLearningRate(double rate) {
    maskOptimizer = SparseConnectivity.defaultMaskOptimizer(rate);
    return this;
  }

  /** Gives masks another optimizer; one with a weight decay fights the mask and is refused. */
  public SparseConnectivityBuilder maskOptimizer(Optimizer value) {
    maskOptimizer = value;
    return this;
  }

  /** Permits a weight decay on mask variables. */
  public SparseConnectivityBuilder allowMaskDecay() {
    allowMaskDecay = true;
    return this;
  }

  private static int atLeast0(String option, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(
          "sparse connectivity: %s must be at least 0, got %d".formatted(option, value));
    }
    return value;
  }

  /** Returns the callback. */
  public SparseConnectivity build() {
    proxy.requirePositive(allowNonPositiveProxy);
    requireNoDecay(maskOptimizer.describe());
    return new SparseConnectivity(this);
  }

  private void requireNoDecay(Map<String, Object> described) {
    if (described.get("weightDecay") instanceof Number decay
        && decay.doubleValue() != 0
        && !allowMaskDecay) {
      throw new IllegalArgumentException(
          "sparse connectivity: a weight decay of %s on mask variables pulls them to 0 and fights the mask; set it to 0, or say allowMaskDecay"
              .formatted(decay));
    }
  }
}
