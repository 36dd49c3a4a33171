package org.espalier.sparse.quant.integer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.espalier.autograd.Call;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.Softmax;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.quant.FakeQuantize;
import org.espalier.sparse.quant.Observers;
import org.espalier.sparse.quant.QuantizationGrid;
import org.espalier.sparse.quant.Range;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.RequantizationMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests how float models become integer ones, and what is refused. */
class PostTrainingQuantizerTest {
  private static final Shape SMALL = Shape.of(8, 8, 3);

  private static Tensor noise(long seed) {
    return IntegerModelTest.noise(SMALL, 4, seed);
  }

  private static Module small() {
    return TestModels.lively(
        Sequential.of(
            new Conv2d(3, 6, ConvConfig.kernel(3).withPadding(1)),
            new BatchNorm(6),
            Activation.relu(),
            new Flatten(),
            new Linear(8 * 8 * 6, 5)),
        3);
  }

  @Test
  void opsWithoutAnIntegerFormAreRefusedByName() {
    Module model = Sequential.of(new Flatten(), new Linear(192, 5), new Softmax(-1));
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> PostTrainingQuantizer.DEFAULT.quantize(model, List.of(noise(1))));
    assertTrue(refused.getMessage().contains("'softmax' at '2'"), refused.getMessage());
  }

  @Test
  void calibrationWithoutBatchesIsRefused() {
    StateException refused =
        assertThrows(
            StateException.class, () -> PostTrainingQuantizer.DEFAULT.quantize(small(), List.of()));
    assertTrue(refused.getMessage().contains("at least one batch"), refused.getMessage());
  }

  @Test
  void valuesThatAreNoNumbersAreRefusedByName() {
    Tensor x = noise(1);
    x.set(700, Double.NaN);
    StateException refused =
        assertThrows(
            StateException.class,
            () -> PostTrainingQuantizer.DEFAULT.quantize(small(), List.of(noise(1), x)));
    assertTrue(refused.getMessage().contains("input"), refused.getMessage());
  }

  @Test
  void sumsThatLeave32BitsAreRefusedByLayer() {
    Module wide = Sequential.of(new Flatten(), new Linear(70_000, 2)).initialize(1);
    wide.parameter("1.weight").update(weight -> weight.fill(1));
    Tensor x = IntegerModelTest.noise(Shape.of(70_000), 1, 1);
    for (int i = 0; i < x.count(); i++) {
      x.set(i, Math.abs(x.get(i)));
    }
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> PostTrainingQuantizer.DEFAULT.quantize(wide, List.of(x)));
    assertTrue(refused.getMessage().contains("1 (linear)"), refused.getMessage());
    assertTrue(refused.getMessage().contains("32 bits"), refused.getMessage());
  }

  /** Entropy cuts far into values of random networks: the bin of zeros rules the histogram. */
  @ParameterizedTest
  @CsvSource({"minmax, 0.15", "percentile:99.9, 0.15", "mse, 0.15", "entropy, 0.9"})
  void everyObserverGivesAModelThatIsNearTheFloatOne(String name, double allowed) {
    Module model = small();
    Tensor x = noise(9);
    Tensor expected = infer(model, x);
    Tensor actual =
        PostTrainingQuantizer.DEFAULT
            .withObserver(Observers.named(name))
            .quantize(model, List.of(IntegerModelTest.noise(SMALL, 200, 1)))
            .predict(x);
    double most = 0;
    double wrong = 0;
    for (int i = 0; i < expected.count(); i++) {
      most = Math.max(most, Math.abs(expected.get(i)));
      wrong = Math.max(wrong, Math.abs(expected.get(i) - actual.get(i)));
    }
    assertTrue(wrong < allowed * most, name + ": " + wrong + " of " + most);
  }

  private static Tensor infer(Module model, Tensor x) {
    try (Pass pass = Pass.infer(Workspace.heap())) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  @Test
  void biasCorrectionTakesTheMeanErrorAway() {
    Module model = TestModels.lively(Models.byName("resnet8", SMALL, 10), 5);
    // Coarse weights make errors that are large enough to see.
    model
        .state()
        .forEach(
            (path, parameter) -> {
              if (path.endsWith("linear.weight")) {
                parameter.attach(FakeQuantize.ofWeight(parameter, QuantizationGrid.signed(3), 0));
              }
            });
    List<Tensor> batches = List.of(noise(1), noise(2));
    IntegerModel plain = PostTrainingQuantizer.DEFAULT.quantize(model, batches);
    IntegerModel corrected =
        PostTrainingQuantizer.DEFAULT.withBiasCorrection(true).quantize(model, batches);
    assertTrue(
        meanError(model, corrected, batches) < meanError(model, plain, batches),
        meanError(model, corrected, batches) + " after " + meanError(model, plain, batches));
  }

  private static double meanError(Module model, IntegerModel integers, List<Tensor> batches) {
    double[] errors = new double[10];
    for (Tensor x : batches) {
      Tensor expected = infer(model, x);
      Tensor actual = integers.predict(x);
      for (int i = 0; i < expected.count(); i++) {
        errors[i % 10] += expected.get(i) - actual.get(i);
      }
    }
    double sum = 0;
    for (double error : errors) {
      sum += Math.abs(error);
    }
    return sum;
  }

  /** Attaches grids as training with fake quantisation does: to weights, and behind activations. */
  private static Module fakeQuantized() {
    Module model = small();
    model.input().attach(FakeQuantize.fixed(QuantizationGrid.UINT8, new Range(-2.5f, 3)));
    for (String layer : List.of("0", "4")) {
      var weight = model.parameter(layer + ".weight");
      weight.attach(FakeQuantize.ofWeight(weight));
    }
    model
        .children()
        .get("2")
        .output()
        .attach(FakeQuantize.fixed(QuantizationGrid.UINT8, new Range(0, 2)));
    model
        .children()
        .get("4")
        .output()
        .attach(FakeQuantize.fixed(QuantizationGrid.UINT8, new Range(-2, 2)));
    return model;
  }

  @ParameterizedTest
  @ValueSource(strings = {"FLOAT_SCALE", "FIXED_POINT"})
  void exportOfAFakeQuantisedModelReproducesItLayerByLayer(String mode) {
    Module model = fakeQuantized();
    Tensor x = noise(7);
    IntegerModel integers =
        PostTrainingQuantizer.export(model, x, RequantizationMode.valueOf(mode));
    assertEquals(5, integers.layers().size());
    try (Pass floats = Pass.study();
        Pass codes = Pass.study()) {
      model.apply(floats, floats.input(x));
      integers.apply(codes, codes.input(x));
      List<Call> rounded =
          floats.tape().calls().stream()
              .filter(call -> FakeQuantize.quantizerOf(call).isPresent())
              .filter(call -> call.output().shape().size(0) == 4 && !isWeight(call))
              .toList();
      assertEquals(3, rounded.size());
      assertWithinOneCode(rounded.get(0), codes.tape().calls().get(0), 0);
      assertWithinOneCode(rounded.get(1), codes.tape().calls().get(1), 1);
      // The second layer's codes may be one off, and the third adds many of them up.
      assertWithinOneCode(rounded.get(2), codes.tape().calls().get(3), 1);
    }
  }

  private static boolean isWeight(Call call) {
    return call.inputCount() > 1 && call.input(1).shape().count() > 1;
  }

  private static void assertWithinOneCode(Call rounded, Call layer, int most) {
    Grid grid = ((IntegerOp) layer.op()).grid();
    for (int i = 0; i < layer.out().count(); i++) {
      int expected = grid.code((float) rounded.out().get(i));
      assertEquals(expected, layer.out().i8()[i], most, layer + " element " + i);
    }
  }

  @Test
  void exportAsksForGridsThatAreNotThere() {
    Module model = fakeQuantized();
    model
        .children()
        .get("2")
        .output()
        .detach(model.children().get("2").output().parametrizations().get(0));
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> PostTrainingQuantizer.export(model, noise(1), RequantizationMode.FLOAT_SCALE));
    assertTrue(refused.getMessage().contains("0 (conv2d)"), refused.getMessage());
  }

  @Test
  void emptyFiltersKeepTheirBiases() {
    Module model = small();
    model
        .parameter("0.weight")
        .update(
            weight -> {
              for (int i = 0; i < 27; i++) {
                weight.set(i, 0);
              }
            });
    Tensor x = noise(2);
    IntegerModel integers = PostTrainingQuantizer.DEFAULT.quantize(model, List.of(noise(1), x));
    long[] counts = LayerByLayer.compare(integers, x);
    assertTrue(counts[1] <= 2, counts[1] + " of " + counts[0]);
  }
}
