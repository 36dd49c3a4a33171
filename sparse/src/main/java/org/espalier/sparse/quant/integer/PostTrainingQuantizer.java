package org.espalier.sparse.quant.integer;

import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.sparse.quant.Observer;
import org.espalier.sparse.quant.Observers;
import org.espalier.sparse.quant.QuantizationGrid;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.RequantizationMode;

/**
 * Turns a trained model into one of 8-bit integers (resource-efficient survey, Q7 to Q9): norms are
 * folded, some batches say in which range each value lies, weights are rounded to a grid a channel,
 * biases to 32 bits.
 *
 * <p>The plan is read off the calls of a recorded pass, not off the layers' types: any module whose
 * calls have an integer form can be quantised, pruned and masked ones too, and one that has none is
 * refused by name. Where the model itself puts fake quantisation on a weight or a value, that grid
 * is taken: so a model trained for it becomes what it was trained to be.
 *
 * @param observer finds the range of each value
 * @param mode how sums become codes
 * @param biasCorrection whether the mean error that rounding the weights makes on the batches is
 *     taken off the biases
 */
public record PostTrainingQuantizer(
    Observer.Factory observer, RequantizationMode mode, boolean biasCorrection) {
  /** Ranges from the least to the greatest value, scales in float, no correction. */
  public static final PostTrainingQuantizer DEFAULT =
      new PostTrainingQuantizer(Observers.minMax(), RequantizationMode.FLOAT_SCALE, false);

  /** Returns this with another way to find ranges. */
  public PostTrainingQuantizer withObserver(Observer.Factory other) {
    return new PostTrainingQuantizer(other, mode, biasCorrection);
  }

  /** Returns this with another arithmetic between sums and codes. */
  public PostTrainingQuantizer withMode(RequantizationMode other) {
    return new PostTrainingQuantizer(observer, other, biasCorrection);
  }

  /** Returns this with or without correction of biases. */
  public PostTrainingQuantizer withBiasCorrection(boolean wanted) {
    return new PostTrainingQuantizer(observer, mode, wanted);
  }

  /**
   * Quantises a model, which is not modified.
   *
   * @param batches what ranges are read off, as the model takes them (normalised); each is looked
   *     at once, or twice where biases are corrected
   * @throws StateException if there is no batch, or a value is NaN or infinite
   * @throws IllegalArgumentException if a call has no integer form, or a sum could leave 32 bits
   */
  public IntegerModel quantize(Module model, Iterable<Tensor> batches) {
    Iterator<Tensor> first = batches.iterator();
    if (!first.hasNext()) {
      throw new StateException("integer model: calibration needs at least one batch, got none");
    }
    try (Pass pass = Pass.study()) {
      Plan plan = Plan.of(model, pass, sample(first.next()));
      Map<Stage, Observer> observers = observers(plan);
      for (Tensor batch : batches) {
        observe(model, batch, plan, observers);
      }
      IntegerModel quantized = plan.build(mode, grids(observers));
      if (biasCorrection) {
        new BiasCorrection(plan, quantized).run(model, batches);
      }
      return quantized;
    }
  }

  /**
   * Turns a model trained with fake quantisation into integers, by its own grids alone.
   *
   * @param sample one sample or more, as the model takes them; only the shape counts
   * @throws IllegalArgumentException if a value that needs a grid has none
   */
  public static IntegerModel export(Module model, Tensor sample, RequantizationMode mode) {
    try (Pass pass = Pass.study()) {
      Plan plan = Plan.of(model, pass, sample(sample));
      List<Stage> open = plan.open();
      if (!open.isEmpty()) {
        throw new IllegalArgumentException(
            ("integer model: nothing says in which range the values of %s lie; train with fake"
                    + " quantisation there too, or quantise with batches to look at")
                .formatted(open.stream().map(Stage::name).toList()));
      }
      return plan.build(mode, Map.of());
    }
  }

  private static Tensor sample(Tensor batch) {
    Tensor one = Tensor.zeros(batch.dtype(), batch.shape().with(0, 1));
    for (int i = 0; i < one.count(); i++) {
      one.set(i, batch.get(i));
    }
    return one;
  }

  private Map<Stage, Observer> observers(Plan plan) {
    Map<Stage, Observer> observers = new LinkedHashMap<>();
    for (Stage stage : plan.open()) {
      observers.put(stage, observer.create(stage.name(), QuantizationGrid.UINT8));
    }
    return observers;
  }

  private static void observe(
      Module model, Tensor batch, Plan plan, Map<Stage, Observer> observers) {
    try (Pass pass = Pass.study()) {
      model.apply(pass, pass.input(batch));
      List<Call> calls = plan.checked(pass.tape().calls());
      observers.forEach(
          (stage, observer) -> {
            int number = plan.number(stage.output());
            observer.observe(number < 0 ? batch : calls.get(number).out());
          });
    }
  }

  private static Map<Stage, Grid> grids(Map<Stage, Observer> observers) {
    Map<Stage, Grid> grids = new IdentityHashMap<>();
    observers.forEach(
        (stage, observer) ->
            grids.put(
                stage, Grid.of(stage.name(), QuantizationGrid.UINT8.quantizer(observer.range()))));
    return grids;
  }

  /**
   * Is what one recorded pass of a model says.
   *
   * @param calls its calls
   * @param numbers the number of each call
   * @param stages the layers to be
   * @param output the model's output
   */
  record Plan(List<Call> calls, Map<Call, Integer> numbers, List<Stage> stages, Var output) {
    static Plan of(Module model, Pass pass, Tensor sample) {
      Var x = pass.input(sample);
      Var y = model.apply(pass, x);
      List<Call> calls = List.copyOf(pass.tape().calls());
      return new Plan(calls, TapeStages.numbers(calls), TapeStages.of(calls, x, y), y);
    }

    /** Returns the stages whose grid nothing but looking says. */
    List<Stage> open() {
      return stages.stream().filter(stage -> LayerBuilder.needsGrid(stage, output)).toList();
    }

    /** Returns the number of the call that made a value, -1 for the input. */
    int number(Var value) {
      return value.call() == null ? -1 : numbers.get(value.call());
    }

    /** Refuses the calls of a pass that went another way. */
    List<Call> checked(List<Call> others) {
      if (others.size() != calls.size()) {
        throw new StateException(
            "integer model: the model made %d calls for one batch and %d for another; only models that always go the same way can be quantised"
                .formatted(calls.size(), others.size()));
      }
      return others;
    }

    IntegerModel build(RequantizationMode mode, Map<Stage, Grid> grids) {
      return new LayerBuilder(mode, grids, output).build(stages);
    }
  }
}
