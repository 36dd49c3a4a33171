package org.espalier.nn.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.nn.Init;
import org.espalier.nn.Values;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class LinearTest {
  @Test
  void mapsTheLastAxisOfAnyRank() {
    Linear layer = new Linear(2, 3, Init.constant(0), Init.constant(1));
    layer.initialize(0);
    layer.weight().set(Tensor.of(Shape.of(3, 2), 1f, 0, 0, 1, 1, 1));
    Tensor y = Values.infer(layer, Tensor.of(Shape.of(1, 2, 2), 2f, 3, 4, 5));
    Values.assertSame(Tensor.of(Shape.of(1, 2, 3), 3f, 4, 6, 5, 6, 10), y);
  }

  @Test
  void drawsItsValuesAsPyTorchDoes() {
    Linear layer = new Linear(100, 50);
    layer.initialize(1);
    for (double w : layer.weight().raw().toDoubles()) {
      assertTrue(Math.abs(w) <= 0.1);
    }
    for (double b : layer.bias().raw().toDoubles()) {
      assertTrue(Math.abs(b) <= 0.1);
    }
    assertNull(new Linear(3, 2, false).bias());
  }

  @Test
  void refusesSizesBelowOneAndOtherInputs() {
    assertThrows(IllegalArgumentException.class, () -> new Linear(0, 2));
    assertThrows(IllegalArgumentException.class, () -> new Linear(2, 0));
    ShapeException e =
        assertThrows(ShapeException.class, () -> Values.shape(new Linear(4, 2), 3, 5));
    assertEquals(
        "linear: axis 1 of 'weight' [2, 4] must be 5, the 'i' of 'x' [3, 5]", e.getMessage());
  }
}
