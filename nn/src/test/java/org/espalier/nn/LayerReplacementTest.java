package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class LayerReplacementTest {
  private static Sequential chain(int in, int between, int out) {
    return Sequential.builder()
        .add("reduce", new Linear(in, between, false))
        .add("expand", new Linear(between, out))
        .build();
  }

  private static Sequential nested() {
    Map<String, Module> branches = new LinkedHashMap<>();
    branches.put("left", new Linear(4, 3));
    branches.put("right", new Linear(4, 5));
    return Sequential.builder()
        .add("block", new Residual(new Linear(4, 4), new Linear(4, 4)))
        .add("gate", new Product(new Identity(), new Linear(4, 4)))
        .add("join", new Concat(branches))
        .add("head", new Linear(8, 2))
        .build();
  }

  @Test
  void replacesLayersInEveryContainerAndReturnsTheOldOnesByPath() {
    Sequential model = nested();
    Map<String, Module> old =
        LayerReplacement.in(
            model,
            (path, layer) ->
                layer instanceof Linear linear
                    ? chain(linear.weight().shape().size(1), 2, linear.weight().shape().size(0))
                    : null);
    assertEquals(
        List.of("block.branch", "block.shortcut", "gate.gate", "join.left", "join.right", "head"),
        new ArrayList<>(old.keySet()));
    assertTrue(old.values().stream().allMatch(Linear.class::isInstance));
    assertTrue(model.state().containsKey("block.shortcut.reduce.weight"));
    assertEquals("head", model.children().get("head").name());
    Values.randomize(model, 1);
    Tensor x = Values.normal(2, 3, 4);
    Module loaded = Snapshot.of(model, Map.of()).build();
    assertTrue(Values.infer(model, x).bitEquals(Values.infer(loaded, x)));
  }

  @Test
  void asksEachModuleOnceAndDoesNotEnterWhatItReplaced() {
    Sequential model = nested();
    List<String> asked = new ArrayList<>();
    LayerReplacement.in(
        model,
        (path, layer) -> {
          asked.add(path);
          return path.equals("block") ? chain(4, 1, 4) : null;
        });
    assertEquals(
        List.of(
            "block", "gate", "gate.main", "gate.gate", "join", "join.left", "join.right", "head"),
        asked);
  }

  @Test
  void aSharedLayerStaysSharedUnderTheNameOfItsFirstPlace() {
    Linear shared = new Linear(4, 4);
    Sequential model =
        Sequential.builder()
            .add("a", shared)
            .add("relu", Activation.relu())
            .add("b", shared)
            .build();
    Map<String, Module> old =
        LayerReplacement.in(model, (path, layer) -> layer == shared ? chain(4, 2, 4) : null);
    assertEquals("a", model.children().get("b").name());
    assertSame(model.children().get("a"), model.children().get("b"));
    assertSame(shared, old.get("a"));
    assertEquals(
        List.of("a.reduce.weight", "a.expand.weight", "a.expand.bias"),
        new ArrayList<>(model.state().keySet()));
  }

  @Test
  void aFailingChoiceLeavesTheModelAsItWas() {
    Sequential model = nested();
    Spec before = model.spec();
    assertThrows(
        IllegalArgumentException.class,
        () ->
            LayerReplacement.in(
                model,
                (path, layer) -> {
                  if (path.equals("head")) {
                    throw new IllegalArgumentException("no");
                  }
                  return layer instanceof Linear ? new Identity() : null;
                }));
    assertEquals(before, model.spec());
  }

  /** Keeps its child in a field, as hand-written modules do. */
  private static final class Holder extends Module {
    private final Linear inner = child("inner", new Linear(2, 2));

    @Override
    protected Var forward(Pass pass, Var x) {
      return inner.apply(pass, x);
    }

    @Override
    protected Spec describe() {
      return Spec.of("holder");
    }
  }

  @Test
  void refusesAParentThatMayKeepItsChildInAField() {
    Sequential model = Sequential.of(new Holder());
    StateException e =
        assertThrows(
            StateException.class,
            () ->
                LayerReplacement.in(
                    model, (path, layer) -> path.equals("0.inner") ? new Identity() : null));
    assertTrue(e.getMessage().contains("Holder"), e.getMessage());
  }
}
