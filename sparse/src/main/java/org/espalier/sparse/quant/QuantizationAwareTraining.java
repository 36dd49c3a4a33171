package org.espalier.sparse.quant;

import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Stateful;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.sparse.quant.FakeQuantize.Follow;
import org.espalier.sparse.quant.QuantizationPoints.Layer;
import org.espalier.sparse.quant.QuantizationPoints.Point;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;

/**
 * Trains a network with weights and values of few bits (resource-efficiency survey, Q1 to Q6 and
 * Q9, last paragraph). A run attaches the technique to the whole model in its first epoch, if
 * nobody did before, and keeps what it needs behind each step.
 *
 * <pre>{@code
 * QuantizationAwareTraining int8 = QuantizationAwareTraining.int8(sampleShape);
 * Trainer.builder(model, loss, int8.optimizer(Sgd.builder().rate(0.01).build()), batches)
 *     .callback(int8).epochs(10).build().run();
 * }</pre>
 *
 * <p>{@link #int8} and {@link #affine} put a grid wherever integer inference has one: at every
 * weight, at the model's input and at each {@link QuantizationPoints point} but what the model
 * returns. Ranges of values follow a moving average until they are frozen: after a given number of
 * steps, else at the last third of the epochs. Batch norms are frozen and folded into the weights,
 * in front of their quantisation, only where a number of steps is given: without norms a network
 * learns at small rates only. Grids that each output channel has of its own scale with the channel,
 * so whoever makes the integer model may as well fold then.
 *
 * <p>With less than 8 bits the first and the last layer stay as they are, unless asked for.
 */
public final class QuantizationAwareTraining implements Callback, Stateful {
  private static final System.Logger LOG =
      System.getLogger(QuantizationAwareTraining.class.getName());
  private static final int FULL_BITS = 8;
  private static final long NEVER = -1;
  private static final long BY_EPOCH = -1;

  private final Shape sampleShape;
  private final String technique;
  private final LayerQuantization layers;
  private final QuantizationGrid values;
  private final boolean signs;
  private boolean quantizeFirstLast;
  private double rate = Observers.DEFAULT_RATE;
  private long freezeNormsAfter = NEVER;
  private long freezeRangesAfter = BY_EPOCH;
  private Module model;
  private long steps;

  private QuantizationAwareTraining(
      Shape sampleShape,
      String technique,
      int bits,
      LayerQuantization layers,
      QuantizationGrid values,
      boolean signs) {
    this.sampleShape = sampleShape;
    this.technique = technique;
    this.layers = layers;
    this.values = values;
    this.signs = signs;
    this.quantizeFirstLast = bits >= FULL_BITS;
  }

  private static QuantizationAwareTraining fewBits(
      Shape sampleShape, String technique, int bits, LayerQuantization layers) {
    return new QuantizationAwareTraining(sampleShape, technique, bits, layers, null, false);
  }

  private static QuantizationAwareTraining signs(
      Shape sampleShape, String technique, LayerQuantization layers) {
    return new QuantizationAwareTraining(sampleShape, technique, 1, layers, null, true);
  }

  /**
   * Returns training for integer inference: weights int8 per output channel, values uint8 (Q1).
   *
   * @param sampleShape the shape of one sample, without the batch axis
   */
  public static QuantizationAwareTraining int8(Shape sampleShape) {
    return affine(sampleShape, QuantizationGrid.INT8, QuantizationGrid.UINT8);
  }

  /** Returns training with integer grids, one for each output channel of weights (Q1). */
  public static QuantizationAwareTraining affine(
      Shape sampleShape, QuantizationGrid weights, QuantizationGrid values) {
    return new QuantizationAwareTraining(
        sampleShape,
        "int" + weights.bits(),
        Math.min(weights.bits(), values.bits()),
        layer -> layer.weight().attach(FakeQuantize.ofWeight(layer.weight(), weights, 0)),
        values,
        false);
  }

  /** Returns training with learned step sizes of weights and values, 2 to 8 bits (Q2). */
  public static QuantizationAwareTraining lsq(Shape sampleShape, int bits) {
    return fewBits(sampleShape, "lsq", bits, LayerQuantization.learnedSteps(bits, false));
  }

  /** Returns training with weights +1 and -1 (Q3). */
  public static QuantizationAwareTraining binaryConnect(Shape sampleShape, boolean stochastic) {
    return fewBits(sampleShape, "binaryconnect", 1, LayerQuantization.binaryConnect(stochastic));
  }

  /**
   * Returns training with weights and values +1 and -1 (Q3). Rectifiers become hard tanhs: behind a
   * rectifier nothing is negative.
   */
  public static QuantizationAwareTraining bnn(Shape sampleShape) {
    return signs(sampleShape, "bnn", LayerQuantization.binary());
  }

  /** Returns training with binary weights and a factor a filter (Q4). */
  public static QuantizationAwareTraining binaryWeights(Shape sampleShape) {
    return fewBits(sampleShape, "bwn", 1, LayerQuantization.scaledBinary(false));
  }

  /**
   * Returns training with binary weights and values, scaled by filter and by input (Q4). Rectifiers
   * become hard tanhs.
   *
   * @param centered whether filters are freed of their mean and clipped behind each step
   */
  public static QuantizationAwareTraining xnor(Shape sampleShape, boolean centered) {
    return signs(sampleShape, "xnor", LayerQuantization.xnor(centered));
  }

  /**
   * Returns training with DoReFa's weights, values and gradients (Q5).
   *
   * @param valueBits 32 for values that stay as they are
   * @param gradientBits 32 for gradients that stay as they are
   */
  public static QuantizationAwareTraining dorefa(
      Shape sampleShape, int weightBits, int valueBits, int gradientBits) {
    return fewBits(
        sampleShape,
        "dorefa",
        Math.min(weightBits, valueBits),
        LayerQuantization.dorefa(weightBits, valueBits, gradientBits));
  }

  /** Returns training with ternary weights (Q6). */
  public static QuantizationAwareTraining twn(Shape sampleShape) {
    return fewBits(sampleShape, "twn", 2, LayerQuantization.ternary(false));
  }

  /** Returns training with ternary weights whose two values train along (Q6). */
  public static QuantizationAwareTraining ttq(Shape sampleShape) {
    return fewBits(sampleShape, "ttq", 2, LayerQuantization.trainedTernary());
  }

  /**
   * Says whether the first and the last layer are quantised too; returns this. With 8 bits or more
   * they are, with less not, where nothing else is said.
   */
  public QuantizationAwareTraining quantizeFirstLast(boolean wanted) {
    quantizeFirstLast = wanted;
    return this;
  }

  /** Sets the share of a new batch in the moving average of a range; returns this. */
  public QuantizationAwareTraining rangeRate(double share) {
    Observers.movingAverage(share);
    rate = share;
    return this;
  }

  /**
   * Sets after how many steps batch norms are frozen and folded, and after how many ranges are
   * frozen; returns this.
   *
   * @param norms steps, 0 or more
   * @param ranges steps, not fewer
   */
  public QuantizationAwareTraining freezeAfter(long norms, long ranges) {
    if (norms < 0 || ranges < norms) {
      throw new IllegalArgumentException(
          "quantization: needs 0 <= steps to frozen norms <= steps to frozen ranges, got %d and %d"
              .formatted(norms, ranges));
    }
    freezeNormsAfter = norms;
    freezeRangesAfter = ranges;
    return this;
  }

  @Override
  public String name() {
    return "quantization";
  }

  /** Returns the technique's name, such as {@code lsq}. */
  public String technique() {
    return technique;
  }

  /**
   * Tells whether a parameter of a model is a number that a quantiser trains, by its path: it wants
   * no weight decay.
   */
  public static boolean isOwnNumber(Parameter parameter) {
    return OwnNumbers.holds(parameter);
  }

  /**
   * Returns an optimizer that gives quantisers' own numbers to momentum 0.9 at the same rate
   * without weight decay, and all else to the other.
   */
  public Optimizer optimizer(Optimizer forWeights) {
    Optimizer plain = Sgd.builder().rate(forWeights.rate()).momentum(0.9).build();
    return Optimizer.route(OwnNumbers::holds, plain, forWeights);
  }

  /**
   * Attaches the technique to a model that has values; a run does so itself in its first epoch.
   *
   * @return the layers whose weights are quantised now
   */
  public List<Layer> attach(Module target) {
    if (!target.isInitialized()) {
      throw new StateException("quantization: the model has no values yet; initialize it first");
    }
    if (ModelQuantizers.isAnyOn(target)) {
      throw new StateException("quantization: the model is quantised already");
    }
    if (signs) {
      ModelQuantizers.replaceRectifiers(target);
    }
    // Found before anything is attached: transforms are calls too.
    List<Point> points = values == null ? List.of() : QuantizationPoints.of(target, sampleShape);
    List<Layer> chosen = chosen(target);
    chosen.forEach(layers::attach);
    for (Point point : points) {
      if (!point.isModelOutput() && (!point.isInput() || quantizeFirstLast)) {
        point.port().attach(FakeQuantize.ofValues(values, Follow.MOVING_AVERAGE, rate));
      }
    }
    target.state();
    return chosen;
  }

  private List<Layer> chosen(Module target) {
    List<Layer> all = QuantizationPoints.layers(target, sampleShape);
    List<Layer> chosen =
        quantizeFirstLast || all.isEmpty() ? all : all.subList(1, Math.max(1, all.size() - 1));
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          "quantization: no layer is left without the first and the last of %d; use quantizeFirstLast(true)"
              .formatted(all.size()));
    }
    return chosen;
  }

  @Override
  public void runStart(Module target) {
    model = target;
  }

  @Override
  public void epochStart(Epoch epoch) {
    model = epoch.model();
    if (epoch.index() == 0 && !ModelQuantizers.isAnyOn(model)) {
      attach(model).forEach(layer -> epoch.claim(layer.weight(), name()));
    }
    boolean isLate = epoch.index() > 0 && 3 * epoch.index() >= 2 * epoch.epochs();
    if (freezeRangesAfter == BY_EPOCH && isLate) {
      ModelQuantizers.freezeRanges(model);
    }
  }

  /**
   * Keeps weights and quantisers' own numbers where they must be; a hand-written loop calls this.
   */
  @Override
  public void stepDone(Step step) {
    step.gradients()
        .byLeaf()
        .keySet()
        .forEach(
            leaf -> {
              if (leaf instanceof Parameter parameter) {
                constrain(parameter);
              }
            });
    steps++;
    if (freezeNormsAfter != NEVER && model != null) {
      if (steps == Math.max(1, freezeNormsAfter)) {
        freezeNorms();
      }
      if (steps == Math.max(1, freezeRangesAfter)) {
        ModelQuantizers.freezeRanges(model);
      }
    }
  }

  private static void constrain(Parameter parameter) {
    if (OwnNumbers.holds(parameter)) {
      OwnNumbers.constrain(parameter);
    }
    for (Parametrization parametrization : parameter.parametrizations()) {
      if (parametrization instanceof Constrained constrained) {
        constrained.constrain(parameter);
      }
    }
  }

  /** Folds batch norms into the quantised weights in front of them, where values have grids. */
  private void freezeNorms() {
    if (values != null) {
      int folded = ModelQuantizers.foldNorms(model);
      if (folded > 0) {
        LOG.log(
            System.Logger.Level.INFO,
            "quantization: {0} batch norms are frozen and folded into the weights",
            folded);
      }
    }
  }

  @Override
  public void epochDone(Epoch epoch) {
    epoch.note("quantization", technique);
  }

  /** Freezes the ranges of values; weights keep theirs by what they are. */
  @Override
  public void runDone(Module target) {
    ModelQuantizers.freezeRanges(target);
  }

  @Override
  public String stateName() {
    return "quantization";
  }

  @Override
  public Map<String, Object> state() {
    return Map.of("steps", steps);
  }

  @Override
  public void restoreState(Map<String, Object> state) {
    steps = ((Number) state.get("steps")).longValue();
  }
}
