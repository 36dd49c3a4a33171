package org.espalier.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void countIsTheProductOfTheSizes() {
    assertEquals(24, Shape.of(2, 3, 4).count());
    assertEquals(0, Shape.of(2, 0, 4).count());
    assertEquals(1, Shape.scalar().count());
    assertEquals(12, Shape.of(2, 3, 4, 5).count(1, 3));
    assertEquals(1, Shape.of(2, 3).count(1, 1));
  }

  @Test
  void negativeAxesCountFromTheEnd() {
    Shape shape = Shape.of(2, 3, 4);
    assertEquals(4, shape.size(-1));
    assertEquals(2, shape.size(-3));
    assertEquals(1, shape.axis(-2));
    assertEquals(Shape.of(2, 3, 9), shape.with(-1, 9));
  }

  @Test
  void anAxisThatDoesNotExistIsNamedWithTheShape() {
    ShapeException error = assertThrows(ShapeException.class, () -> Shape.of(2, 3).size(2));
    assertTrue(error.getMessage().contains("axis 2"), error.getMessage());
    assertTrue(error.getMessage().contains("[2, 3]"), error.getMessage());
    assertThrows(ShapeException.class, () -> Shape.of(2, 3).size(-3));
    assertThrows(ShapeException.class, () -> Shape.scalar().size(-1));
  }

  @Test
  void negativeSizesAndTooManyElementsAreRefused() {
    assertTrue(
        assertThrows(ShapeException.class, () -> Shape.of(2, -1)).getMessage().contains("-1"));
    ShapeException error = assertThrows(ShapeException.class, () -> Shape.of(70_000, 70_000));
    assertTrue(error.getMessage().contains("[70000, 70000]"), error.getMessage());
    assertThrows(RuntimeException.class, () -> Shape.of(1 << 30, 1 << 30, 1 << 30, 1 << 30));
  }

  @Test
  void shapesAreValues() {
    int[] sizes = {2, 3};
    Shape shape = Shape.of(sizes);
    sizes[0] = 9;
    shape.sizes()[1] = 9;
    assertArrayEquals(new int[] {2, 3}, shape.sizes());
    assertEquals(Shape.of(2, 3), shape);
    assertEquals(Shape.of(2, 3).hashCode(), shape.hashCode());
    assertNotEquals(Shape.of(3, 2), shape);
    assertEquals(Shape.scalar(), Shape.of());
    assertEquals("[2, 3]", shape.toString());
    assertEquals(0, Shape.scalar().rank());
  }
}
