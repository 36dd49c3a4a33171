package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.espalier.tensor.internal.VectorProduct.Lines;
import org.espalier.tensor.parallel.Parallel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that warming up knows every tile and leaves the work in progress alone. */
class VectorTileWarmUpTest {
  private static final int ROWS = 2 * VectorPanels.ROWS;
  private static final int DEPTH = 128;

  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  /** Each of these products is long enough to be warmed up for, some for several tiles. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void productsOfAllWidthsAreRightWhenTheirTilesAreWarmedUpOnTheWay(boolean byColumns) {
    for (int width = VectorPanels.HALF.length(); width <= VectorPanels.WIDEST; width *= 2) {
      int rows = ROWS * (1 + (1 << 16) / (ROWS * DEPTH * width));
      float[] left = new float[rows * DEPTH];
      Arrays.fill(left, 2);
      float[] panel = new float[DEPTH * width];
      for (int i = 0; i < panel.length; i++) {
        panel[i] = i % width;
      }
      float[] result = new float[rows * width];
      VectorProduct product = VectorProduct.take();
      if (byColumns) {
        product.leftColumns(left, 0, rows);
      } else {
        product.left(left, Lines.of(0, DEPTH));
      }
      product.panels(panel, 0).into(result, Lines.of(0, width)).fromZero();
      product.run(rows, width, DEPTH);
      product.give();
      for (int i = 0; i < result.length; i++) {
        assertEquals(2 * DEPTH * (i % width), result[i], "width " + width + " at " + i);
      }
    }
  }

  @Test
  void threadsThatMeetATileTogetherAllGetPast() {
    int[] past = new int[8];
    VectorAssumptions.inPool(
        2,
        () ->
            Parallel.range(
                past.length,
                1,
                (from, to) -> {
                  for (int i = from; i < to; i++) {
                    VectorTileWarmUp.before(VectorPanels.WIDEST, i % 2 == 0, Long.MAX_VALUE);
                    past[i]++;
                  }
                }));
    assertArrayEquals(new int[] {1, 1, 1, 1, 1, 1, 1, 1}, past);
  }
}
