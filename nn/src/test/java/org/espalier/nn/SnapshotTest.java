package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.function.Supplier;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class SnapshotTest {
  private static Module model() {
    return Sequential.builder()
        .add("conv", new Conv2d(3, 4, 3))
        .add("norm", new BatchNorm(4))
        .add("relu", Activation.relu())
        .add("pool", new GlobalAveragePool())
        .add("head", new Linear(4, 2))
        .build();
  }

  /** Returns a model whose every value, buffer and slot is drawn. */
  private static Module used() {
    Module model = Values.randomize(model(), 3);
    Parameter weight = model.parameter("conv.weight");
    Tensor moment = Values.normal(4, weight.shape().sizes());
    weight.slot("adam.mean", () -> moment, null);
    Supplier<Tensor> count = () -> Tensor.full(DType.I32, Shape.scalar(), 17);
    weight.slot("adam.step", count, null);
    return model;
  }

  private static void assertEqualBits(Module expected, Module actual) {
    assertEquals(expected.spec(), actual.spec());
    assertEquals(expected.state().keySet(), actual.state().keySet());
    expected
        .state()
        .forEach(
            (path, parameter) -> {
              Parameter other = actual.parameter(path);
              assertTrue(parameter.raw().bitEquals(other.raw()), path);
              assertEquals(parameter.slots().keySet(), other.slots().keySet(), path);
              parameter
                  .slots()
                  .forEach(
                      (name, slot) ->
                          assertTrue(slot.tensor().bitEquals(other.slots().get(name).tensor())));
            });
  }

  @Test
  void aModelIsBuiltAnewWithEveryBit() {
    Module model = used();
    Snapshot snapshot = Snapshot.of(model, Map.of("classes", 2L), Map.of("epoch", 5L));
    Module built = snapshot.build();
    assertEqualBits(model, built);
    Tensor x = Values.normal(9, 2, 6, 6, 3);
    assertTrue(Values.infer(model, x).bitEquals(Values.infer(built, x)));
    assertEquals(2L, snapshot.meta().get("classes"));
    assertEquals(5L, snapshot.training().get("epoch"));
  }

  @Test
  void aFreshModelTakesEveryBitAndLosesItsOwnSlots() {
    Module model = used();
    Module fresh = model().initialize(8);
    fresh.parameter("head.weight").slot("sgd.momentum");
    Snapshot.of(model, Map.of(), Map.of()).restore(fresh);
    assertEqualBits(model, fresh);
  }

  @Test
  void aCutModelIsBuiltInItsSizes() {
    Module model = used();
    Indices keep = Indices.of(4, 1, 3);
    model
        .state()
        .forEach((path, p) -> p.cut(path.startsWith("head.w") ? 1 : 0, keepFor(path, keep)));
    Module built = Snapshot.of(model, Map.of(), Map.of()).build();
    assertEqualBits(model, built);
    assertEquals(Shape.of(2, 3, 3, 3), built.parameter("conv.weight").slot("adam.mean").shape());
  }

  private static Indices keepFor(String path, Indices keep) {
    return path.equals("head.bias") ? Indices.all(2) : keep;
  }

  @Test
  void whatHappensLaterDoesNotReachTheSnapshot() {
    Module model = used();
    Snapshot snapshot = Snapshot.of(model, Map.of(), Map.of());
    Tensor before = snapshot.state().get("head.bias").copy();
    model.parameter("head.bias").update(raw -> raw.fill(7));
    model.parameter("conv.weight").slot("adam.mean").fill(7);
    assertTrue(before.bitEquals(snapshot.state().get("head.bias")));
    Module built = snapshot.build();
    built.parameter("head.bias").update(raw -> raw.fill(8));
    assertTrue(before.bitEquals(snapshot.state().get("head.bias")));
    assertTrue(snapshot.slots().get("conv.weight#adam.mean").get(0) != 7);
  }

  @Test
  void anotherArchitectureIsRefused() {
    Snapshot snapshot = Snapshot.of(used(), Map.of());
    Module other = Sequential.builder().add("head", new Linear(4, 2)).build();
    assertThrows(FormatException.class, () -> snapshot.restore(other));
  }

  @Test
  void aSlotOfNoParameterIsRefused() {
    Snapshot good = Snapshot.of(used(), Map.of());
    Snapshot bad =
        new Snapshot(
            good.spec(), good.state(), Map.of("ghost#m", Tensor.scalar(1)), Map.of(), Map.of());
    assertThrows(FormatException.class, () -> bad.restore(model()));
  }
}
