package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Tests index sets and the cuts made with them. */
class IndicesTest {
  @Test
  void areSortedAndKnowTheirComplementAndPositions() {
    Indices indices = Indices.of(5, 4, 1);
    assertArrayEquals(new int[] {1, 4}, indices.toArray());
    assertEquals(Indices.of(5, 0, 2, 3), indices.complement());
    assertArrayEquals(new int[] {-1, 0, -1, -1, 1}, indices.positions());
    assertEquals(2, indices.count());
    assertEquals(4, indices.get(1));
    assertFalse(indices.isAll());
    assertTrue(Indices.all(3).isAll());
    assertEquals("2 of 5 [1, 4]", indices.toString());
    assertEquals(indices.hashCode(), Indices.where(5, i -> i == 1 || i == 4).hashCode());
  }

  @Test
  void refuseWhatIsOutsideOrTwice() {
    assertThrows(IllegalArgumentException.class, () -> Indices.of(3, 3));
    assertThrows(IllegalArgumentException.class, () -> Indices.of(3, -1));
    assertThrows(IllegalArgumentException.class, () -> Indices.of(3, 1, 1));
  }

  @Property(tries = 30)
  void cuttingKeepsTheOrderOfAnyAxisAndType(
      @ForAll @IntRange(min = 0, max = 2) int axis, @ForAll long seed) {
    Shape shape = Shape.of(4, 3, 5);
    Tensor x = Tensor.zeros(shape.sizes());
    for (int i = 0; i < x.count(); i++) {
      x.set(i, i);
    }
    Indices keep = Indices.where(shape.size(axis), i -> i == 1 || Random.of(seed).uniform(i) < 0.5);
    for (Tensor tensor : new Tensor[] {x, x.to(DType.I32)}) {
      Tensor cut = Cuts.along(tensor, axis, keep);
      assertEquals(shape.with(axis, keep.count()), cut.shape());
      for (int i = 0; i < cut.count(); i++) {
        int[] at = {
          i / cut.shape().count(1, 3),
          i / cut.shape().size(2) % cut.shape().size(1),
          i % cut.shape().size(2)
        };
        at[axis] = keep.get(at[axis]);
        assertEquals(tensor.get(tensor.offset(at)), cut.get(i));
      }
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> Cuts.along(x, axis, Indices.all(shape.size(axis) + 1)));
  }
}
