package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Snapshot;
import org.espalier.nn.model.Models;
import org.espalier.optim.Adadelta;
import org.espalier.optim.Adagrad;
import org.espalier.optim.Adam;
import org.espalier.optim.AdamW;
import org.espalier.optim.KerasSgd;
import org.espalier.optim.Optimizer;
import org.espalier.optim.RmsProp;
import org.espalier.optim.Sgd;
import org.espalier.sparse.mask.FixedMask;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class HeldZerosTest {
  private static final Shape SMALL = Shape.of(16, 16, 3);
  private static final TestData DATA = new TestData(4, 5, 16);

  @Provide
  Arbitrary<Supplier<Optimizer>> optimizer() {
    return Arbitraries.of(
        List.of(
            () -> Sgd.builder().rate(0.05).momentum(0.9).weightDecay(0.01).build(),
            () -> Sgd.builder().rate(0.05).momentum(0.9).nesterov(true).weightDecay(0.01).build(),
            () -> KerasSgd.builder().rate(0.05).momentum(0.9).build(),
            () -> Adam.builder().rate(0.01).weightDecay(0.01).build(),
            () -> AdamW.builder().rate(0.01).weightDecay(0.1).build(),
            () -> RmsProp.builder().rate(0.01).momentum(0.9).weightDecay(0.01).build(),
            () -> Adagrad.builder().rate(0.05).weightDecay(0.01).build(),
            () -> Adadelta.builder().weightDecay(0.01).build()));
  }

  @Provide
  Arbitrary<String> model() {
    return Arbitraries.of(
        "resnet8", "resnet8b", "wrn-10-1", "densenet-10-4", "mobilenetv2", "lenet");
  }

  private static Module model(String name, long seed) {
    return TestModels.lively(Models.byName(name, SMALL, 5), seed);
  }

  private static void steps(Module model, Optimizer optimizer, int from, int to) {
    for (int k = from; k < to; k++) {
      TestData.step(model, optimizer, DATA.batch(k % 4), DType.F32, k);
    }
  }

  /** Returns the masks by the path of what they hold. */
  private static Map<String, Tensor> masks(Module model) {
    Map<String, Tensor> masks = new LinkedHashMap<>();
    model
        .state()
        .forEach(
            (path, parameter) ->
                parameter
                    .parametrizations()
                    .forEach(p -> masks.put(path, ((FixedMask) p).mask().raw().copy())));
    return masks;
  }

  private static void assertHeld(Module model, Map<String, Tensor> masks) {
    masks.forEach(
        (path, mask) -> {
          Tensor value = model.parameter(path).value();
          for (int e = 0; e < mask.count(); e++) {
            assertTrue(mask.get(e) == 1 || value.get(e) == 0, path + " at " + e);
          }
        });
  }

  @Property(tries = 20)
  void heldZerosStayZeroUnderAnyOptimizerAndTheCutIsExact(
      @ForAll("optimizer") Supplier<Optimizer> make,
      @ForAll("model") String name,
      @ForAll @IntRange(max = 3) int warm) {
    Module model = model(name, 3 + warm);
    Optimizer optimizer = make.get();
    steps(model, optimizer, 0, warm);
    SoftFilterPruning.of(SMALL, 0.4).prune(model, 0);
    HeldZeros.attach(model, SMALL, Compact.Mode.STREAM_FULL);
    Map<String, Tensor> masks = masks(model);
    assertFalse(masks.isEmpty());
    Map<String, Tensor> before = new LinkedHashMap<>();
    masks.keySet().forEach(path -> before.put(path, model.parameter(path).value().copy()));
    for (int k = warm; k < warm + 3; k++) {
      steps(model, optimizer, k, k + 1);
      assertHeld(model, masks);
    }
    // An activation may saturate for all samples of a tiny net: then a norm in front of it rests.
    long moved =
        before.entrySet().stream()
            .filter(e -> !e.getValue().bitEquals(model.parameter(e.getKey()).value()))
            .count();
    assertTrue(4 * moved > 3 * before.size(), moved + " of " + before.size() + " trained on");
    Tensor x = TestNet.sample(1, 3, 16, 16, 3);
    Tensor masked = TestNet.infer(model, x);
    HeldZeros.fold(model);
    model.state().forEach((path, p) -> assertEquals(List.of(), p.parametrizations(), path));
    assertHeld(model, masks);
    assertTrue(masked.bitEquals(TestNet.infer(model, x)));
    CompactReport cut =
        Compact.extract(model, SMALL, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    assertTrue(cut.macsAfter() < 0.8 * cut.macsBefore(), cut.toString());
    TestModels.assertClose(masked, TestNet.infer(model, x));
  }

  @Test
  void normsAndBiasesOfHeldFiltersAreHeldWithThem() {
    Module model = model("resnet8", 1);
    SoftFilterPruning.of(SMALL, 0.4).prune(model, 0);
    HeldZeros.attach(model, SMALL, Compact.Mode.STREAM_FULL);
    double[] weight = masks(model).get("layer1.0.branch.conv1.weight").toDoubles();
    double[] gamma = masks(model).get("layer1.0.branch.bn1.weight").toDoubles();
    double[] beta = masks(model).get("layer1.0.branch.bn1.bias").toDoubles();
    assertArrayEquals(gamma, beta);
    for (int filter = 0; filter < 16; filter++) {
      assertEquals(gamma[filter], weight[filter * 9 * 16]);
    }
    assertEquals(10, java.util.Arrays.stream(gamma).sum());
    // Who reads the channels is left alone.
    Tensor reader = model.parameter("layer1.0.branch.conv2.weight").value();
    double[] columns = new double[16];
    for (int e = 0; e < reader.count(); e++) {
      columns[e % 16] += Math.abs(reader.get(e));
    }
    for (double column : columns) {
      assertTrue(column > 0);
    }
  }

  @Test
  void aHeldModelIsSavedWithItsMasksAndTrainsOnAlike() {
    Module model = model("resnet8", 1);
    Optimizer optimizer = Sgd.builder().rate(0.05).momentum(0.9).build();
    steps(model, optimizer, 0, 2);
    SoftFilterPruning.of(SMALL, 0.4).prune(model, 0);
    HeldZeros.attach(model, SMALL, Compact.Mode.STREAM_FULL);
    steps(model, optimizer, 2, 3);
    Module again = Snapshot.of(model, Map.of(), Map.of()).build();
    steps(model, optimizer, 3, 5);
    steps(again, optimizer, 3, 5);
    model.state().forEach((path, p) -> assertTrue(p.raw().bitEquals(again.parameter(path).raw())));
    assertFalse(masks(again).isEmpty());
  }

  @Test
  void aParameterKeepsOneMaskHoweverOftenItIsHeld() {
    Module model = model("resnet8", 1);
    Parameter weight = model.parameter("layer1.0.branch.conv1.weight");
    Tensor own = Tensor.full(DType.F32, weight.shape(), 1);
    own.set(weight.shape().count() - 1, 0);
    weight.attach(new FixedMask(own));
    SoftFilterPruning.of(SMALL, 0.4).prune(model, 0);
    HeldZeros.attach(model, SMALL, Compact.Mode.STREAM_FULL);
    Map<String, Tensor> once = masks(model);
    assertEquals(0, once.get("layer1.0.branch.conv1.weight").get(own.count() - 1));
    HeldZeros.attach(model, SMALL, Compact.Mode.STREAM_FULL);
    masks(model).forEach((path, mask) -> assertTrue(mask.bitEquals(once.get(path)), path));
    assertEquals(1, weight.parametrizations().size());
  }

  @Test
  void aModelThatWasNotFoldedIsCutWithItsMasks() {
    Module model = model("resnet8", 1);
    SoftFilterPruning.of(SMALL, 0.4).prune(model, 0);
    HeldZeros.attach(model, SMALL, Compact.Mode.STREAM_FULL);
    Tensor x = TestNet.sample(1, 3, 16, 16, 3);
    Tensor masked = TestNet.infer(model, x);
    Compact.extract(model, SMALL, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    TestModels.assertClose(masked, TestNet.infer(model, x));
    masks(model)
        .forEach((path, mask) -> assertEquals(model.parameter(path).shape(), mask.shape(), path));
  }
}
