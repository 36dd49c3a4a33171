package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class SparseRowsTest {
  private final Tensor weight =
      Tensor.of(Shape.of(3, 1, 2, 2), 0, 5, -0f, 6, 0, 0, 0, 0, 7, 0, 0, 8);

  @Test
  void keepsValuesAndPlacesRowByRow() {
    SparseRows rows = SparseRows.of(weight);
    assertEquals(3, rows.count());
    assertArrayEquals(new int[] {0, 2, 2, 4}, rows.starts());
    assertArrayEquals(new int[] {1, 3, 0, 3}, rows.places());
    assertArrayEquals(new float[] {5, 6, 7, 8}, rows.values());
  }

  @Test
  void areMadeOnceOfAFrozenWeight() {
    Tensor frozen = weight.frozen();
    assertSame(SparseRows.of(frozen), SparseRows.of(frozen));
    assertNotSame(SparseRows.of(weight), SparseRows.of(weight));
  }
}
