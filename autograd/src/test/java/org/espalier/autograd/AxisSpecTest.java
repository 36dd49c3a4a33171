package org.espalier.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.espalier.autograd.AxisSpec.Index;
import org.espalier.autograd.AxisSpec.Letter;
import org.espalier.autograd.AxisSpec.Merged;
import org.espalier.autograd.AxisSpec.Rest;
import org.espalier.autograd.AxisSpec.Window;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.Convolution;
import org.espalier.autograd.op.Linear;
import org.espalier.autograd.op.Ops;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AxisSpecTest {
  @Test
  void everyNotationIsParsed() {
    AxisSpec spec = AxisSpec.of("x: n y+i (g c), index: o@c, bias?: ... -> n (g o)");
    assertEquals(
        List.of(new Letter("n"), new Window("y", "i"), new Merged(List.of("g", "c"))),
        spec.inputs().get(0).terms());
    assertEquals(List.of(new Index("o", "c")), spec.inputs().get(1).terms());
    assertTrue(spec.inputs().get(2).optional());
    assertEquals(List.of(new Rest()), spec.inputs().get(2).terms());
    assertEquals(List.of(new Letter("n"), new Merged(List.of("g", "o"))), spec.output());
  }

  @Test
  void anEmptyOutputIsAScalar() {
    Axes axes = AxisSpec.of("x: ... ->").bind(new Linear(), Shape.of(2, 3));
    assertEquals(Shape.scalar(), axes.output());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x: a b", "x: a -> b -> c", "a b -> c", "x: a * b -> c", "x: ... ... -> a"})
  void aSignatureThatIsNoneIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> AxisSpec.of(text));
  }

  @Test
  void aWrongSizeIsToldWithBothInputs() {
    ShapeException wrong =
        assertThrows(
            ShapeException.class, () -> new Linear().axes(Shape.of(3, 4), Shape.of(5, 6), null));
    assertEquals(
        "linear: axis 1 of 'weight' [5, 6] must be 4, the 'i' of 'x' [3, 4]", wrong.getMessage());
  }

  @Test
  void aWrongRankIsToldWithTheAxes() {
    AxisSpec spec = AxisSpec.of("x: n i -> n i");
    ShapeException wrong =
        assertThrows(ShapeException.class, () -> spec.bind(new Linear(), Shape.of(4)));
    assertEquals("linear: 'x' must have 2 axes (n i), got [4]", wrong.getMessage());
  }

  @Test
  void theTapeAddsTheScope() {
    try (Tape tape = Tape.open(Mode.INFER, Workspace.heap())) {
      tape.enter("block2");
      tape.enter("head");
      Var x = tape.constant(Tensor.zeros(3, 4));
      Var weight = tape.constant(Tensor.zeros(5, 6));
      ShapeException wrong = assertThrows(ShapeException.class, () -> Ops.linear(x, weight, null));
      assertEquals(
          "linear: axis 1 of 'weight' [5, 6] must be 4, the 'i' of 'x' [3, 4] (at block2.head)",
          wrong.getMessage());
    }
  }

  @Test
  void missingAndSurplusInputsAreRefused() {
    assertEquals(
        "linear: input 'weight' is missing",
        assertThrows(ShapeException.class, () -> new Linear().axes(Shape.of(3, 4), null, null))
            .getMessage());
    assertThrows(ShapeException.class, () -> new Linear().axes(Shape.of(3, 4)));
  }

  @Test
  void mergedLettersAreSolvedFromTheOthers() {
    Convolution grouped = new Convolution(2, ConvOptions.DEFAULT.withGroups(true));
    Axes axes = grouped.axes(Shape.of(1, 5, 5, 6), Shape.of(9, 3, 3, 2), null);
    assertEquals(Shape.of(1, 3, 3, 9), axes.output());
    assertEquals(Map.of("g", 3, "c", 2, "o", 3), pick(axes, "g", "c", "o"));
  }

  private static Map<String, Integer> pick(Axes axes, String... letters) {
    Map<String, Integer> sizes = new java.util.HashMap<>();
    for (String letter : letters) {
      sizes.put(letter, axes.size(letter));
    }
    return sizes;
  }

  @Test
  void groupsThatDoNotDivideAreRefused() {
    Convolution grouped = new Convolution(2, ConvOptions.DEFAULT.withGroups(true));
    String inputs =
        assertThrows(
                ShapeException.class,
                () -> grouped.axes(Shape.of(1, 5, 5, 5), Shape.of(4, 3, 3, 2), null))
            .getMessage();
    assertEquals(
        "conv2d: axis 3 of 'x' [1, 5, 5, 5] must be a multiple of 2, the product of (g c)", inputs);
    String outputs =
        assertThrows(
                ShapeException.class,
                () -> grouped.axes(Shape.of(1, 5, 5, 6), Shape.of(4, 3, 3, 2), null))
            .getMessage();
    assertEquals(
        "conv2d: axis 0 of 'weight' [4, 3, 3, 2] must be a multiple of 3, the product of (g o)",
        outputs);
  }

  @Test
  void costIsTheProductOfAllLettersWhereAWeightIsSummedOver() {
    Convolution conv = new Convolution(2, ConvOptions.DEFAULT.withPadding(1));
    Axes axes = conv.axes(Shape.of(1, 8, 8, 3), Shape.of(16, 3, 3, 3), Shape.of(16));
    assertEquals(new Cost(8L * 8 * 16 * 3 * 9, 0), conv.cost(axes));
    Convolution depthwise = new Convolution(2, ConvOptions.DEFAULT.withGroups(true));
    axes = depthwise.axes(Shape.of(1, 8, 8, 3), Shape.of(6, 3, 3, 1), null);
    assertEquals(new Cost(6L * 6 * 6 * 9, 0), depthwise.cost(axes));
    axes = new Linear().axes(Shape.of(2, 3, 5), Shape.of(4, 5), null);
    assertEquals(new Cost(2L * 3 * 4 * 5, 0), new Linear().cost(axes));
  }

  @Test
  void anEmptyOutputShapeIsRefused() {
    assertThrows(
        ShapeException.class, () -> new Linear().axes(Shape.of(0, 4), Shape.of(5, 4), null));
    assertEquals(DType.F32, new Linear().dtype(DType.F32, DType.F32, null));
  }
}
