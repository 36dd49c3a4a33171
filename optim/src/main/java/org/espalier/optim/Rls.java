package org.espalier.optim;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.espalier.autograd.Leaf;
import org.espalier.nn.Parameter;
import org.espalier.tensor.DType;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Multiplies each layer's gradient by the inverse autocorrelation of the layer's inputs, which it
 * keeps up to date by recursive least squares (Zhang et al., "Revisiting Recursive Least Squares
 * for Training Deep Neural Networks", arXiv 2109.03220; Yu et al., Applied Intelligence 2023; the
 * formula is (reconstructed)).
 *
 * <pre>
 * u = P x̄,  h = λ + k x̄·u             x̄: mean input, over batch and windows, 1 for the bias
 * V = momentum·V - (η/h) · P G,  W = W + V       G: gradient (+ weightDecay·W), with the P of before
 * P = P/λ - (k/(λ h)) · u uᵀ
 * </pre>
 *
 * <p>It reads the inputs of linear layers and convolutions from the tape of the step, of several
 * micro-batches that of the last. A group of a convolution has a matrix of its own, so depthwise
 * ones have small matrices; a layer with more inputs than {@link Builder#maxInputSize} is refused,
 * or gets one matrix an input channel ({@link Builder#blockDiagonal}). All other parameters are
 * changed by a companion. P, velocity and a count of steps are slots of the weight ({@link
 * InverseAutocorrelation}): saved with it, and cut with it.
 *
 * <p>P is float32 while {@code λ = 1} and double otherwise. Where inputs are not excited and {@code
 * λ < 1} P grows; above a mean diagonal of 1e6 it is scaled back to 1, or refused ({@link
 * Builder#strict}).
 */
public final class Rls implements Optimizer {
  /** The name, which also begins the names of the slots. */
  static final String NAME = "rls";

  private final double forgettingFactor;
  private final double averageScale;
  private final double gradientScale;
  private final double momentum;
  private final double weightDecay;
  private final double initialP;
  private final int maxInputSize;
  private final boolean blockDiagonal;
  private final boolean strict;
  private final Optimizer companion;

  private Rls(Builder builder) {
    forgettingFactor = builder.forgettingFactor;
    averageScale = builder.averageScale;
    gradientScale = builder.gradientScale;
    momentum = builder.momentum;
    weightDecay = builder.weightDecay;
    initialP = builder.initialP;
    maxInputSize = builder.maxInputSize;
    blockDiagonal = builder.blockDiagonal;
    strict = builder.strict;
    companion = builder.companion;
  }

  /**
   * Returns a builder: λ 1, k 0.1, η 1, no momentum, no weight decay, P starts as the identity,
   * companion SGD with rate 0.01 and momentum 0.9.
   */
  public static Builder builder() {
    return new Builder();
  }

  double forgettingFactor() {
    return forgettingFactor;
  }

  double averageScale() {
    return averageScale;
  }

  double momentum() {
    return momentum;
  }

  double weightDecay() {
    return weightDecay;
  }

  double initialP() {
    return initialP;
  }

  boolean strict() {
    return strict;
  }

  /**
   * Changes those members that have a gradient: weights and biases of layers by their matrices, the
   * others by the companion. Everything is checked first: where a step is refused, no weight has
   * changed.
   *
   * @throws IllegalStateException if a gradient is not finite, or P lost its definiteness
   * @throws IllegalArgumentException if a layer has too many inputs, or P is not of its layer's
   *     size
   */
  @Override
  public void step(Step step, Predicate<Parameter> members) {
    if (step.tape() == null) {
      throw new StateException(
          "rls: reads the inputs of layers from the tape, and the step has none; use Step.of(pass.tape(), gradients)");
    }
    List<Parameter> changing = changing(step, members);
    Set<Parameter> taken = Collections.newSetFromMap(new IdentityHashMap<>());
    List<RlsUpdate> updates = new ArrayList<>();
    for (LinearLayer layer : LinearLayer.of(step.tape(), changing)) {
      if (layer.weight().raw().shape().equals(layer.weight().shape())) {
        updates.addAll(updates(layer, step));
        taken.add(layer.weight());
        taken.add(layer.bias());
      }
    }
    updates.forEach(RlsUpdate::checkGrowth);
    double eta = Checks.notNegative(NAME, "rate", step.rate().of(gradientScale));
    updates.forEach(update -> update.apply(eta));
    companion.step(step, members.and(parameter -> !taken.contains(parameter)));
  }

  private static List<Parameter> changing(Step step, Predicate<Parameter> members) {
    List<Parameter> changing = new ArrayList<>();
    for (Map.Entry<Leaf, Tensor> entry : step.gradients().byLeaf().entrySet()) {
      if (entry.getKey() instanceof Parameter parameter && members.test(parameter)) {
        checkFinite(parameter, entry.getValue());
        changing.add(parameter);
      }
    }
    return changing;
  }

  private static void checkFinite(Parameter parameter, Tensor gradient) {
    if (!isFinite(gradient)) {
      throw new IllegalStateException(
          "rls: the gradient of %s is not finite; nothing was changed: use a smaller gradientScale, or clip gradients"
              .formatted(parameter.name()));
    }
  }

  private static boolean isFinite(Tensor tensor) {
    if (tensor.dtype() == DType.F64) {
      double[] values = tensor.f64();
      boolean finite = true;
      for (int i = 0; i < tensor.count(); i++) {
        finite &= Math.abs(values[i]) < Double.POSITIVE_INFINITY;
      }
      return finite;
    }
    float[] values = tensor.f32();
    int largest = 0;
    for (int i = 0; i < tensor.count(); i++) {
      largest = Math.max(largest, Float.floatToRawIntBits(values[i]) & Integer.MAX_VALUE);
    }
    return largest < Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
  }

  /** Returns one update, or two: the matrices of single channels leave the bias its own. */
  private List<RlsUpdate> updates(LinearLayer layer, Step step) {
    boolean perChannel = isPerChannel(layer);
    Workspace.Lease lease = step.tape().lease();
    List<RlsUpdate> updates = new ArrayList<>(2);
    BlockLayout layout = BlockLayout.of(layer, perChannel);
    Parameter joined = perChannel ? null : layer.bias();
    RlsUpdate update = new RlsUpdate(this, layer.weight(), joined, layout, lease);
    new MeanInput(layer, layout, lease).into(update.mean());
    update.compute(step.gradients().of(layer.weight()), gradient(step, joined));
    updates.add(update);
    if (perChannel && layer.bias() != null) {
      BlockLayout constant = BlockLayout.ofBias(layer.bias().shape().count());
      RlsUpdate alone = new RlsUpdate(this, null, layer.bias(), constant, lease);
      alone.mean()[0] = 1;
      alone.compute(null, gradient(step, layer.bias()));
      updates.add(alone);
    }
    return updates;
  }

  private static Tensor gradient(Step step, Parameter bias) {
    return bias == null ? null : step.gradients().of(bias);
  }

  /**
   * A layer that began with matrices of single channels keeps them, however few inputs are left.
   */
  private boolean isPerChannel(LinearLayer layer) {
    InverseAutocorrelation known = InverseAutocorrelation.of(layer.weight());
    if (known != null) {
      return known.isPerChannel();
    }
    if (layer.inputs() > maxInputSize && !blockDiagonal) {
      throw new IllegalArgumentException(
          "rls: %s has %d inputs, more than maxInputSize %d, and P would take %d MB; use blockDiagonal() for one small matrix an input channel, or a larger maxInputSize"
              .formatted(
                  layer.weight().name(),
                  layer.inputs(),
                  maxInputSize,
                  4L * layer.groups() * layer.inputs() * layer.inputs() >> 20));
    }
    return layer.inputs() > maxInputSize;
  }

  /** Returns the gradient scale η, which a schedule moves along with the companion's rate. */
  @Override
  public double rate() {
    return gradientScale;
  }

  @Override
  public void restart(Collection<Parameter> parameters) {
    for (Parameter parameter : parameters) {
      parameter.slots().keySet().removeIf(slot -> slot.startsWith(NAME + "."));
    }
    companion.restart(parameters);
  }

  @Override
  public Map<String, Object> describe() {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("optimizer", NAME);
    options.put("forgettingFactor", forgettingFactor);
    options.put("averageScale", averageScale);
    options.put("gradientScale", gradientScale);
    options.put("momentum", momentum);
    options.put("weightDecay", weightDecay);
    options.put("initialP", initialP);
    options.put("maxInputSize", (long) maxInputSize);
    options.put("blockDiagonal", blockDiagonal);
    options.put("strict", strict);
    options.put("companion", companion.describe());
    return options;
  }

  @Override
  public String toString() {
    return describe().toString();
  }

  /** Collects the options. */
  public static final class Builder {
    private double forgettingFactor = 1;
    private double averageScale = 0.1;
    private double gradientScale = 1;
    private double momentum;
    private double weightDecay;
    private double initialP = 1;
    private int maxInputSize = 4608;
    private boolean blockDiagonal;
    private boolean strict;
    private Optimizer companion = Sgd.builder().rate(0.01).momentum(0.9).build();

    private Builder() {}

    /** Sets λ, the weight of what was seen before a step: above 0, at most 1. */
    public Builder forgettingFactor(double value) {
      if (!(value > 0 && value <= 1)) {
        throw new IllegalArgumentException(
            "rls: forgettingFactor must be above 0 and at most 1, got " + value);
      }
      forgettingFactor = value;
      return this;
    }

    /** Sets k, the weight of a batch's mean input in the autocorrelation; above 0. */
    public Builder averageScale(double value) {
      averageScale = Checks.positive(NAME, "averageScale", value);
      return this;
    }

    /** Sets η, the base learning rate; above 0. */
    public Builder gradientScale(double value) {
      gradientScale = Checks.positive(NAME, "gradientScale", value);
      return this;
    }

    /** Sets the share of the last change that is kept: at least 0, below 1; 0.5 works well. */
    public Builder momentum(double value) {
      momentum = Checks.fraction(NAME, "momentum", value);
      return this;
    }

    /**
     * Sets the factor of the L2 penalty {@code weightDecay/2 · ΣW²}, biases counted
     * (reconstructed); a start at 1/δ on P's diagonal decays weights towards their first values as
     * it is.
     */
    public Builder weightDecay(double value) {
      weightDecay = Checks.notNegative(NAME, "weightDecay", value);
      return this;
    }

    /** Sets what stands on the diagonal of P at first; above 0. */
    public Builder initialP(double value) {
      initialP = Checks.positive(NAME, "initialP", value);
      return this;
    }

    /** Sets how many inputs a group of a layer may have for one matrix; at least 0. */
    public Builder maxInputSize(int inputs) {
      maxInputSize = Checks.atLeast(0, NAME, "maxInputSize", inputs);
      return this;
    }

    /**
     * Gives layers with more inputs than {@link #maxInputSize} one matrix an input channel, and
     * their bias one of its own, instead of refusing them (reconstructed).
     */
    public Builder blockDiagonal() {
      blockDiagonal = true;
      return this;
    }

    /** Refuses a step that would let P grow above a mean diagonal of 1e6, instead of scaling. */
    public Builder strict() {
      strict = true;
      return this;
    }

    /** Sets the optimizer of all parameters that are not weights or biases of layers. */
    public Builder companion(Optimizer other) {
      companion = other;
      return this;
    }

    /** Returns the optimizer. */
    public Rls build() {
      return new Rls(this);
    }
  }
}
