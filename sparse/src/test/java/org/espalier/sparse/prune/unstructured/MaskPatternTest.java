package org.espalier.sparse.prune.unstructured;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import org.espalier.sparse.prune.Ranking;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class MaskPatternTest {
  private static final Tensor SMALL = Tensor.of(Shape.of(1, 4), 1, 2, 3, 4);
  private static final Tensor LARGE = Tensor.of(Shape.of(2, 4), 5, 6, 7, 8, 12, 11, 10, 9);

  private static long kept(Tensor mask) {
    return Arrays.stream(mask.toDoubles()).filter(value -> value == 1).count();
  }

  @Test
  void eachLayerLosesItsShareOrTheSmallestOfAll() {
    List<Tensor> local = MaskPattern.of(Ranking.LOCAL).masks(List.of(SMALL, LARGE), 0.5);
    assertEquals(2, kept(local.get(0)));
    assertEquals(4, kept(local.get(1)));
    List<Tensor> global = MaskPattern.of(Ranking.GLOBAL).masks(List.of(SMALL, LARGE), 0.5);
    assertEquals(0, kept(global.get(0)));
    assertEquals(6, kept(global.get(1)));
    assertThrows(IllegalArgumentException.class, () -> MaskPattern.of(Ranking.GREEDY));
  }

  @Test
  void twoOfFourLoseOneAfterTheOther() {
    MaskPattern pattern = MaskPattern.ofEach(2, 4);
    double[] sparsities = {0, 0.2, 0.3, 0.5, 0.9};
    long[] kept = {8, 6, 6, 4, 4};
    for (int i = 0; i < kept.length; i++) {
      assertEquals(kept[i], kept(pattern.masks(List.of(LARGE), sparsities[i]).get(0)), "at " + i);
    }
    assertArrayEquals(
        new double[] {0, 0, 1, 1, 1, 1, 0, 0},
        pattern.masks(List.of(LARGE), 0.5).get(0).toDoubles());
  }

  @Test
  void blocksGoWhole() {
    assertArrayEquals(
        new double[] {0, 0, 0, 1, 0, 0, 0, 1},
        MaskPattern.blocks(2, 1)
            .masks(List.of(Tensor.of(Shape.of(2, 4), 1, 1, 1, 9, 1, 1, 1, 9)), 0.75)
            .get(0)
            .toDoubles());
  }
}
