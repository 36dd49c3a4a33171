package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.Unary;
import org.junit.jupiter.api.Test;

class ContainersTest {
  private static Tensor map(Tensor a, Tensor b, DoubleBinaryOperator op) {
    Tensor out = a.copy();
    for (int i = 0; i < out.count(); i++) {
      out.set(i, op.applyAsDouble(a.get(i), b.get(i)));
    }
    return out;
  }

  @Property(tries = 10)
  void residualAddsBranchAndShortcut(@ForAll long seed) {
    Tensor x = Values.normal(seed, 3, 4);
    Linear branch = Values.randomize(new Linear(4, 4), seed);
    Linear shortcut = Values.randomize(new Linear(4, 4), seed + 1);
    Tensor b = Values.infer(branch, x);
    Values.assertClose(map(b, x, Double::sum), Values.infer(new Residual(branch), x), 1e-6);
    Values.assertClose(
        map(b, Values.infer(shortcut, x), Double::sum),
        Values.infer(new Residual(branch, shortcut), x),
        1e-6);
  }

  @Test
  void aNestedChainFusesWithWhatStandsBehindItLikeAFlatOne() {
    Conv2d first = new Conv2d(3, 2, 1);
    Conv2d second = new Conv2d(2, 4, ConvConfig.kernel(3).withPadding(1));
    BatchNorm norm = new BatchNorm(4);
    Activation relu = Activation.relu();
    Sequential flat = Values.randomize(Sequential.of(first, second, norm, relu), 1);
    Sequential nested = Sequential.of(Sequential.of(first, Sequential.of(second)), norm, relu);
    Sequential tail = Sequential.of(Sequential.of(first, second, norm), relu);
    Tensor x = Values.normal(2, 2, 7, 7, 3);
    assertTrue(Values.infer(flat, x).bitEquals(Values.infer(nested, x)));
    assertTrue(Values.infer(flat, x).bitEquals(Values.infer(tail, x)));
    assertEquals(calls(flat, x), calls(tail, x));
    try (Pass pass = Pass.infer(new Workspace())) {
      pass.observe("0.1");
      nested.apply(pass, pass.input(x));
      Values.assertClose(
          Values.infer(Sequential.of(first, second), x), pass.observed("0.1").value(), 1e-5);
    }
  }

  /** Returns the ops that a train pass records. */
  private static List<String> calls(Module model, Tensor x) {
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      model.apply(pass, pass.input(x));
      return pass.tape().calls().stream().map(call -> call.op().name()).toList();
    }
  }

  @Test
  void residualRefusesUnequalShapesInsteadOfBroadcasting() {
    Module model = new Residual(new Linear(4, 1)).initialize(0);
    ShapeException e =
        assertThrows(ShapeException.class, () -> Values.infer(model, Values.normal(1, 2, 4)));
    assertEquals(true, e.getMessage().contains("add"), e.getMessage());
  }

  @Test
  void residualPartsCanBeReplacedAndAShortcutAdded() {
    Linear first = new Linear(2, 2);
    Residual block = new Residual(first);
    assertSame(first, block.branch());
    assertEquals(null, block.shortcut());
    Linear other = new Linear(2, 2);
    block.setBranch(other);
    block.setShortcut(new Identity());
    block.setShortcut(first);
    assertSame(other, block.branch());
    assertSame(first, block.shortcut());
    assertEquals(
        List.of("branch.weight", "branch.bias", "shortcut.weight", "shortcut.bias"),
        List.copyOf(block.state().keySet()));
  }

  @Test
  void concatJoinsChannelsInOrder() {
    Map<String, Module> children = new LinkedHashMap<>();
    children.put("same", new Identity());
    children.put("double", new Activation(Unary.AFFINE, 2, 0));
    Tensor y = Values.infer(new Concat(children), Tensor.of(Shape.of(2, 2), 1f, 2, 3, 4));
    assertEquals(Shape.of(2, 4), y.shape());
    assertEquals(List.of(1., 2., 2., 4., 3., 4., 6., 8.), boxed(y));
    assertThrows(IllegalArgumentException.class, () -> new Concat(Map.of()));
  }

  private static List<Double> boxed(Tensor tensor) {
    return Arrays.stream(tensor.toDoubles()).boxed().toList();
  }

  @Test
  void productRepeatsAChannelGateOverSpaceAndMultipliesEqualShapes() {
    Tensor x = Tensor.of(Shape.of(1, 1, 2, 2), 1f, 2, 3, 4);
    Module mean = new GlobalAveragePool();
    assertEquals(
        List.of(2., 6., 6., 12.), boxed(Values.infer(new Product(new Identity(), mean), x)));
    assertEquals(
        List.of(1., 4., 9., 16.),
        boxed(Values.infer(new Product(new Identity(), new Identity()), x)));
  }

  @Test
  void sequentialRunsChildrenInOrderUnderTheirNames() {
    Sequential model =
        Sequential.builder()
            .add("double", new Activation(Unary.AFFINE, 2, 0))
            .add("plusOne", new Activation(Unary.AFFINE, 1, 1))
            .build();
    assertEquals(7, Values.infer(model, Tensor.of(Shape.of(1, 1), 3f)).item());
    model.replace("plusOne", new Identity());
    assertEquals(6, Values.infer(model, Tensor.of(Shape.of(1, 1), 3f)).item());
    assertThrows(IllegalArgumentException.class, () -> model.replace("minusOne", new Identity()));
    assertThrows(
        IllegalArgumentException.class,
        () -> Sequential.builder().add("a", new Identity()).add("a", new Identity()));
  }

  @Test
  void valuesMissingInAReplacedChildAreDrawnOnTheNextUse() {
    Sequential model = Sequential.of(new Linear(2, 2));
    Values.infer(model, Values.normal(1, 1, 2));
    model.replace("0", new Linear(2, 3));
    assertEquals(Shape.of(1, 3), Values.infer(model, Values.normal(1, 1, 2)).shape());
  }

  @Test
  void aChildIsPutInFrontOfAnother() {
    Sequential model =
        Sequential.builder()
            .add("first", new Activation(Unary.AFFINE, 1, 1))
            .add("last", new Linear(1, 1))
            .build();
    Parameter weight = model.parameter("last.weight");
    model.insertBefore("last", "double", new Activation(Unary.AFFINE, 2, 0));
    assertEquals(List.of("first", "double", "last"), List.copyOf(model.children().keySet()));
    assertTrue(weight == model.parameter("last.weight"));
    weight.set(Tensor.of(Shape.of(1, 1), 1f));
    model.parameter("last.bias").set(Tensor.of(Shape.of(1), 0f));
    assertEquals(8, Values.infer(model, Tensor.of(Shape.of(1, 1), 3f)).item());
    for (String wrong : new String[] {"", "a.b", "first"}) {
      assertThrows(
          IllegalArgumentException.class, () -> model.insertBefore("last", wrong, new Identity()));
    }
    assertThrows(
        IllegalArgumentException.class, () -> model.insertBefore("none", "a", new Identity()));
    assertEquals(3, model.children().size());
  }
}
