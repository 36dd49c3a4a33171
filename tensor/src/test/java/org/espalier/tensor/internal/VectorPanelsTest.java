package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests how {@link VectorPanels} cuts and packs. */
class VectorPanelsTest {
  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  @Test
  void fullPanelsAreFullWhateverFollows() {
    for (int rest = 0; rest < 5 * VectorPanels.WIDEST; rest++) {
      assertEquals(VectorPanels.WIDEST, VectorPanels.width(VectorPanels.WIDEST + rest));
    }
  }

  @Test
  void panelsCoverAllColumnsAndWasteLessThanHalfOfTheLast() {
    for (int columns = 1; columns <= 3 * VectorPanels.WIDEST; columns++) {
      int padded = VectorPanels.padded(columns);
      assertTrue(padded >= columns && padded - columns < VectorPanels.LANES, "for " + columns);
    }
  }

  @Test
  void packedColumnsLieBehindEachOtherStepByStep() {
    int columns = VectorPanels.WIDEST + 3;
    int depth = 5;
    float[] b = new float[depth * columns];
    float[] turned = new float[b.length];
    for (int i = 0; i < b.length; i++) {
      b[i] = i + 1;
      turned[i % columns * depth + i / columns] = i + 1;
    }
    float[] packed = new float[depth * VectorPanels.padded(columns)];
    float[] packedTurned = new float[packed.length];
    Arrays.fill(packed, Float.NaN);
    Arrays.fill(packedTurned, Float.NaN);
    VectorPanels.pack(false, depth, columns, b, 0, columns, packed, 0);
    VectorPanels.pack(true, depth, columns, turned, 0, depth, packedTurned, 0);
    assertTrue(Arrays.equals(packed, packedTurned));
    int last = VectorPanels.width(3);
    for (int p = 0; p < depth; p++) {
      assertEquals(b[p * columns + 1], packed[p * VectorPanels.WIDEST + 1]);
      int row = depth * VectorPanels.WIDEST + p * last;
      assertEquals(b[p * columns + VectorPanels.WIDEST + 2], packed[row + 2]);
      assertEquals(0, packed[row + 3]);
    }
  }

  @Test
  void leftTilesHoldTheirRowsSideBySideAndRepeatTheLast() {
    int rows = VectorPanels.ROWS + 2;
    int depth = 3;
    float[] a = new float[rows * depth];
    for (int i = 0; i < a.length; i++) {
      a[i] = i;
    }
    float[] packed = new float[2 * VectorPanels.ROWS * depth];
    VectorPanels.packLeft(false, rows, depth, a, 0, depth, packed);
    assertEquals(4 * depth + 2, packed[2 * VectorPanels.ROWS + 4]);
    int second = VectorPanels.ROWS * depth;
    assertEquals((rows - 1) * depth, packed[second + 1]);
    assertEquals((rows - 1) * depth, packed[second + 5]);
  }
}
