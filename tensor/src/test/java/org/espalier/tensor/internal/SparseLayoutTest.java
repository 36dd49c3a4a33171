package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SparseLayoutTest {
  private static final int LANES = 16;

  @ParameterizedTest(name = "{0} images {1}x{1}, kernel {2}, stride {3}")
  @CsvSource({
    "1, 32, 3, 1",
    "64, 2, 3, 1",
    "40, 4, 3, 1",
    "9, 8, 3, 2",
    "5, 7, 1, 2",
    "130, 1, 1, 1"
  })
  void stripsCoverEachOutputOnceAndTapsMeetTheirInputs(
      int batch, int size, int kernel, int stride) {
    ConvGeometry all =
        ConvKernelsTest.geometry(batch, size, size, 3, 2, kernel, stride, 1, kernel / 2, 1);
    int together = SparseLayout.together(all, LANES);
    assertTrue(together >= 1 && together <= batch, "a block of " + together);
    ConvGeometry g = all.ofBatch(together);
    SparseLayout layout = new SparseLayout(g, LANES);
    int[] seen = new int[together * g.outHeight() * g.outWidth()];
    for (SparseLayout.Strip strip : layout.strips()) {
      for (int place = strip.base(); place < strip.base() + strip.vectors() * LANES; place++) {
        int target = layout.targetsShared()[place];
        if (target != SparseLayout.NONE) {
          seen[target]++;
          checkTaps(g, layout, place, target);
        }
      }
    }
    assertTrue(Arrays.stream(seen).allMatch(count -> count == 1), "each output once");
  }

  private static void checkTaps(ConvGeometry g, SparseLayout layout, int place, int target) {
    int x = target % g.outWidth();
    int y = target / g.outWidth() % g.outHeight();
    int image = target / g.outWidth() / g.outHeight();
    for (int i = 0; i < g.kernelHeight(); i++) {
      for (int j = 0; j < g.kernelWidth(); j++) {
        int row = y * g.strideHeight() - g.padTop() + i;
        int column = x * g.strideWidth() - g.padLeft() + j;
        boolean inside = row >= 0 && row < g.inHeight() && column >= 0 && column < g.inWidth();
        int expected =
            inside ? (image * g.inHeight() + row) * g.inWidth() + column : SparseLayout.NONE;
        assertEquals(expected, layout.sourcesShared()[place + layout.offset(0, i, j)]);
        assertEquals(
            layout.offset(0, i, j) + 2 * layout.phases() * layout.plane(), layout.offset(2, i, j));
      }
    }
  }
}
