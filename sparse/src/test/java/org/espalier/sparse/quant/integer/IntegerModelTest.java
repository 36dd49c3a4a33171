package org.espalier.sparse.quant.integer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.Compact;
import org.espalier.sparse.prune.MaskPolicy;
import org.espalier.sparse.prune.PruneSchedule;
import org.espalier.sparse.prune.SoftFilterPruning;
import org.espalier.sparse.prune.TestModels;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.CodeRange;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.RequantizationMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests integer models of whole networks with random weights. */
class IntegerModelTest {
  private static final Shape SMALL = Shape.of(8, 8, 3);

  static Tensor noise(Shape sample, int batch, long seed) {
    Tensor x = Tensor.zeros(DType.F32, sample.batched(batch));
    Random random = Random.of(seed);
    for (int i = 0; i < x.count(); i++) {
      x.set(i, random.normal(i));
    }
    return x;
  }

  private static IntegerModel quantized(Module model, Shape sample, RequantizationMode mode) {
    return PostTrainingQuantizer.DEFAULT
        .withMode(mode)
        .quantize(model, List.of(noise(sample, 4, 1), noise(sample, 3, 2)));
  }

  private static Tensor infer(Module model, Tensor x, Workspace workspace) {
    try (Pass pass = Pass.infer(workspace)) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  /** Returns how much of the outputs' spread the integers get wrong. */
  private static double error(Tensor expected, Tensor actual) {
    double squares = 0;
    double wrong = 0;
    for (int i = 0; i < expected.count(); i++) {
      squares += expected.get(i) * expected.get(i);
      wrong += Math.pow(expected.get(i) - actual.get(i), 2);
    }
    return Math.sqrt(wrong / squares);
  }

  @ParameterizedTest
  @CsvSource({
    "mlp-20-10, 4, FLOAT_SCALE",
    "lenet5, 28, FIXED_POINT",
    "lenet-caffe, 28, FLOAT_SCALE",
    "mnist_cnn, 28, FLOAT_SCALE",
    "resnet8, 8, FLOAT_SCALE",
    "resnet20, 16, FIXED_POINT",
    "resnet8b, 8, FIXED_POINT",
    "resnet50, 32, FLOAT_SCALE",
    "wrn-10-1, 8, FLOAT_SCALE",
    "wrn-16-2-d0.3, 8, FIXED_POINT",
    "vgg16, 32, FLOAT_SCALE",
    "densenet10, 8, FLOAT_SCALE",
    "densenet-bc-16-4, 8, FIXED_POINT",
    "mobilenetv2, 8, FLOAT_SCALE"
  })
  void everyLayerOfEveryModelIsWithinOneCodeOfFloat(
      String name, int side, RequantizationMode mode) {
    Shape sample = Shape.of(side, side, 3);
    Module model = TestModels.lively(Models.byName(name, sample, 10), 3);
    IntegerModel integers = quantized(model, sample, mode);
    Tensor x = noise(sample, 2, 5);
    long[] counts = LayerByLayer.compare(integers, x);
    assertTrue(counts[0] > 100, "compared " + counts[0]);
    assertTrue(counts[1] <= 0.02 * counts[0], counts[1] + " of " + counts[0] + " differ by one");
    double error = error(infer(model, x, Workspace.heap()), integers.predict(x));
    assertTrue(error < 0.35, "error " + error);
    assertEquals(Costs.of(model, sample).macs(), Costs.of(integers, sample).macs());
  }

  @ParameterizedTest
  @EnumSource(Compact.Mode.class)
  void prunedModelsAreServed(Compact.Mode mode) {
    Module model = TestModels.lively(Models.byName("resnet14", SMALL, 10), 4);
    SoftFilterPruning.builder(SMALL, PruneSchedule.constant(0.4)).build().prune(model, 0);
    Compact.extract(model, SMALL, mode, MaskPolicy.MASK_WITH_BN);
    IntegerModel integers = quantized(model, SMALL, RequantizationMode.FLOAT_SCALE);
    Tensor x = noise(SMALL, 2, 5);
    LayerByLayer.compare(integers, x);
    double error = error(infer(model, x, Workspace.heap()), integers.predict(x));
    assertTrue(error < 0.2, "error " + error);
    assertEquals(Costs.of(model, SMALL).macs(), Costs.of(integers, SMALL).macs());
  }

  /** Survey sheet, section 8, item 20. */
  @ParameterizedTest
  @CsvSource({"resnet8, 8", "densenet-bc-16-4, 8", "lenet5, 28", "mobilenetv2, 8"})
  void savedModelsAnswerWithTheSameBits(String name, int side) {
    Shape sample = Shape.of(side, side, 3);
    Module model = TestModels.lively(Models.byName(name, sample, 10), 3);
    IntegerModel integers = quantized(model, sample, RequantizationMode.FLOAT_SCALE);
    Module again = Snapshot.of(integers, Map.of()).build();
    Tensor x = noise(sample, 3, 6);
    assertTrue(integers.predict(x).bitEquals(((IntegerModel) again).predict(x)));
    assertEquals(integers.spec(), again.spec());
  }

  @Test
  void allKernelSetsGiveTheSameCodes() {
    Module model = TestModels.lively(Models.byName("resnet8", SMALL, 10), 3);
    IntegerModel integers = quantized(model, SMALL, RequantizationMode.FIXED_POINT);
    Tensor x = noise(SMALL, 2, 6);
    Tensor expected = integers.predict(x);
    for (String set : List.of("reference", "scalar")) {
      KernelLookup.using(set, () -> assertTrue(expected.bitEquals(integers.predict(x)), set));
    }
  }

  @Test
  void reusedMemoryChangesNothing() {
    Module model = TestModels.lively(Models.byName("resnet8", SMALL, 10), 3);
    IntegerModel integers = quantized(model, SMALL, RequantizationMode.FLOAT_SCALE);
    Tensor x = noise(SMALL, 2, 6);
    Tensor expected = integers.predict(x);
    Workspace workspace = Workspace.poisoned();
    assertTrue(expected.bitEquals(infer(integers, x, workspace)));
    long made = workspace.bytesMade();
    assertTrue(expected.bitEquals(infer(integers, x, workspace)));
    assertEquals(made, workspace.bytesMade());
  }

  @Test
  void weightsTakeAByteEach() {
    Module model = Models.byName("resnet8", SMALL, 10).initialize(1);
    IntegerModel integers = quantized(model, SMALL, RequantizationMode.FLOAT_SCALE);
    long floats = bytes(model);
    long codes = bytes(integers);
    assertTrue(codes < 0.29 * floats, codes + " bytes of " + floats);
  }

  private static long bytes(Module model) {
    return model.state().values().stream()
        .mapToLong(parameter -> (long) parameter.raw().count() * parameter.dtype().bytes())
        .sum();
  }

  @Test
  void trainingIsRefused() {
    Module model = Models.byName("mlp-5", SMALL, 10).initialize(1);
    IntegerModel integers = quantized(model, SMALL, RequantizationMode.FLOAT_SCALE);
    try (Pass pass = Pass.train(Workspace.heap(), Random.of(1))) {
      StateException refused =
          assertThrows(
              StateException.class, () -> integers.apply(pass, pass.input(noise(SMALL, 2, 1))));
      assertTrue(refused.getMessage().contains("no gradients"), refused.getMessage());
    }
  }

  @Test
  void inputsThatAreNoNumbersAreRefused() {
    Module model = Models.byName("mlp-5", SMALL, 10).initialize(1);
    IntegerModel integers = quantized(model, SMALL, RequantizationMode.FLOAT_SCALE);
    Tensor x = noise(SMALL, 1, 1);
    x.set(17, Double.NaN);
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> integers.predict(x));
    assertTrue(refused.getMessage().contains("element 17"), refused.getMessage());
  }

  @Test
  void inputsFarOutsideTheirRangeTakeTheOutermostCodes() {
    Grid grid = new Grid(0.5f, new CodeRange(3, -128, 127));
    float[] values = {1e30f, Float.NEGATIVE_INFINITY, 0, 0.25f, 0.75f, -0.75f};
    byte[] codes = new byte[values.length];
    grid.codes(values, codes, 0, values.length);
    assertArrayEquals(new byte[] {127, -128, 3, 3, 5, 1}, codes);
  }
}
