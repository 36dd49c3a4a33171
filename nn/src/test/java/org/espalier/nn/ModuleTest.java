package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

/** Tests modules, the passes that run them, and their architecture as data. */
class ModuleTest {
  private static Sequential net() {
    return Sequential.builder()
        .add("first", new Linear(3, 4))
        .add("act", Activation.relu())
        .add("norm", new BatchNorm(4))
        .add("last", new Linear(4, 2, false))
        .build();
  }

  @Test
  void stateListsParametersAndBuffersByPath() {
    Sequential net = net();
    assertEquals(
        List.of(
            "first.weight",
            "first.bias",
            "norm.weight",
            "norm.bias",
            "norm.running_mean",
            "norm.running_var",
            "last.weight"),
        List.copyOf(net.state().keySet()));
    assertEquals(5, net.parameters().size());
    assertEquals("first.weight", net.parameter("first.weight").name());
    assertThrows(IllegalArgumentException.class, () -> net.parameter("first.wait"));
    assertEquals(List.of("", "first", "act", "norm", "last"), List.copyOf(net.modules().keySet()));
  }

  @Test
  void sharedModulesShareParametersAndKeepTheirFirstName() {
    Linear shared = new Linear(2, 2);
    Sequential net = Sequential.of(shared, shared);
    assertEquals(2, net.state().size());
    assertEquals("0", shared.name());
    assertEquals(2, net.modules().size());
    Spec second = net.spec().children().get("1");
    assertEquals(ModuleTypes.SHARED, second.type());
    assertEquals("0", second.text("path"));
  }

  @Test
  void initialValuesFollowFromSeedAndPathAlone() {
    Sequential a = net();
    Sequential b = net();
    assertFalse(a.isInitialized());
    a.initialize(5);
    b.initialize(5);
    assertTrue(a.isInitialized());
    Values.assertSame(a.parameter("first.weight").raw(), b.parameter("first.weight").raw());
    Sequential other = net();
    other.initialize(6);
    assertNotEquals(
        a.parameter("first.weight").raw().get(0), other.parameter("first.weight").raw().get(0));
  }

  @Test
  void aModelWithoutValuesIsInitialisedWhereItComputesOnly() {
    Sequential net = net();
    assertEquals(Shape.of(1, 2), Values.shape(net, 1, 3));
    assertFalse(net.isInitialized());
    Values.infer(net, Values.normal(1, 1, 3));
    assertTrue(net.isInitialized());
  }

  @Test
  void namesMustBeNewWithoutDotsAndNotEmpty() {
    for (String name : List.of("", "a.b", "same")) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new Concat(Map.of(name, new Identity(), "other", new Doubled(name))));
    }
  }

  /** Declares the same name twice, or a bad one. */
  private static final class Doubled extends Module {
    Doubled(String name) {
      child("same", new Identity());
      child(name, new Identity());
    }

    @Override
    protected Var forward(Pass pass, Var x) {
      return x;
    }

    @Override
    protected Spec describe() {
      return Spec.of("doubled");
    }
  }

  @Test
  void callsCarryTheScopeTheyWereMadeIn() {
    Linear shared = new Linear(2, 2);
    Sequential net =
        Sequential.builder().add("block", Sequential.of(shared, Activation.tanh(), shared)).build();
    try (Pass pass = Pass.shapes()) {
      net.apply(pass, pass.input(Shape.of(1, 2)));
      assertEquals(
          List.of("block.0", "block.1", "block.0#2"),
          pass.tape().calls().stream().map(call -> call.scope()).toList());
    }
  }

  @Test
  void passesKnowTheirModeAndWhatTheyMayDo() {
    Tensor x = Tensor.zeros(1, 2);
    try (Pass shapes = Pass.shapes();
        Pass study = Pass.study();
        Pass infer = Pass.infer(new Workspace());
        Pass train = Pass.train(new Workspace(), Random.of(1))) {
      assertEquals(Mode.SHAPES, shapes.mode());
      Var y = Ops.relu(shapes.input(x));
      assertThrows(StateException.class, y::value);
      assertThrows(StateException.class, () -> study.input(Shape.of(1)));
      assertThrows(StateException.class, () -> infer.randomKey("dropout"));
      assertNotEquals(train.randomKey("dropout"), train.randomKey("dropout"));
      assertTrue(study.inputWithGradient(x).needsGradient());
      assertSame(null, infer.valueOrNull(null));
    }
  }

  @Test
  void randomKeysFollowFromTheStreamThePurposeAndTheNumberOfDraws() {
    long[] keys = new long[4];
    for (int i = 0; i < 2; i++) {
      try (Pass pass = Pass.train(new Workspace(), Random.of(9).at(1, 2))) {
        keys[i] = pass.randomKey("dropout");
        keys[2 + i] = pass.randomKey("noise");
      }
    }
    assertEquals(keys[0], keys[1]);
    assertEquals(keys[2], keys[3]);
    assertNotEquals(keys[0], keys[2]);
  }

  @Test
  void valuesAreDetachedWhenThePassCloses() {
    Tensor kept;
    try (Pass pass = Pass.infer(new Workspace())) {
      kept = Ops.relu(pass.input(Tensor.zeros(2))).value();
    }
    assertThrows(StateException.class, () -> kept.get(0));
  }

  @Test
  void convertsAllValuesToDouble() {
    Sequential net = net();
    net.initialize(1);
    Tensor x = Values.normal(1, 2, 3);
    Tensor single = Values.infer(net, x);
    net.convert(DType.F64);
    Tensor twice = Values.infer(net, x.to(DType.F64));
    assertEquals(DType.F64, twice.dtype());
    Values.assertClose(twice, single.to(DType.F64), 1e-5);
  }

  @Test
  void specOptionsAreCheckedWhenRead() {
    Spec spec =
        Spec.of("t")
            .with("n", 3)
            .with("x", 0.5)
            .with("flag", true)
            .with("list", List.of(1, 2))
            .with("words", List.of("a"));
    assertEquals(3, spec.integer("n"));
    assertEquals(0.5, spec.number("x"));
    assertTrue(spec.flag("flag"));
    assertEquals(2, spec.integers("list")[1]);
    assertEquals(List.of("a"), spec.texts("words"));
    assertThrows(IllegalArgumentException.class, () -> spec.integer("x"));
    assertThrows(IllegalArgumentException.class, () -> spec.number("flag"));
    assertThrows(IllegalArgumentException.class, () -> spec.flag("n"));
    assertThrows(IllegalArgumentException.class, () -> spec.integers("n"));
    assertThrows(IllegalArgumentException.class, () -> spec.texts("n"));
    assertThrows(IllegalArgumentException.class, () -> spec.text("absent"));
  }

  @Test
  void aSharedSpecMustComeBehindWhatItShares() {
    Spec lost = Spec.of(ModuleTypes.SHARED).with("path", "9");
    Spec net = new Spec("sequential", Map.of(), Map.of("0", lost), Map.of());
    assertThrows(FormatException.class, () -> ModuleTypes.build(net, path -> null));
  }
}
