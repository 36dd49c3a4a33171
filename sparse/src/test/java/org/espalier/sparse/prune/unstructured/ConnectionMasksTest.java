package org.espalier.sparse.prune.unstructured;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ConnectionMasksTest {
  private static Tensor scores(long seed, int... sizes) {
    Tensor scores = Tensor.zeros(DType.F32, Shape.of(sizes));
    for (int i = 0; i < scores.count(); i++) {
      scores.set(i, Math.abs(Random.of(seed).normal(i)));
    }
    return scores;
  }

  private static int zeros(Tensor mask) {
    int zeros = 0;
    for (double kept : mask.toDoubles()) {
      zeros += kept == 0 ? 1 : 0;
    }
    return zeros;
  }

  @Property(tries = 60)
  void countsAreExactAndWhatStaysOutranksWhatGoes(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 7) int out,
      @ForAll @DoubleRange(min = 0, max = 0.99) double sparsity) {
    List<Tensor> scores = List.of(scores(seed, out, 2, 2, 3), scores(seed + 1, 5, 4));
    List<Tensor> masks = ConnectionMasks.global(scores, sparsity);
    int all = out * 12 + 20;
    assertEquals(
        (int) Math.rint(sparsity * all), zeros(masks.get(0)) + zeros(masks.get(1)), "global");
    double largestGone = -1;
    double smallestKept = Double.POSITIVE_INFINITY;
    for (int t = 0; t < 2; t++) {
      for (int i = 0; i < masks.get(t).count(); i++) {
        double score = scores.get(t).get(i);
        if (masks.get(t).get(i) == 0) {
          largestGone = Math.max(largestGone, score);
        } else {
          smallestKept = Math.min(smallestKept, score);
        }
      }
    }
    assertTrue(smallestKept >= largestGone);
    Tensor local = ConnectionMasks.local(scores.get(1), sparsity);
    assertEquals((int) Math.rint(sparsity * 20), zeros(local));
  }

  @Test
  void equalScoresGoByTheirPlaceWithChannelsFirst() {
    // One filter, two kernel positions, two channels: channels first visits 0, 2, 1, 3.
    Tensor equal = Tensor.full(DType.F32, Shape.of(1, 1, 2, 2), 1);
    assertArrayEquals(new double[] {0, 1, 0, 1}, ConnectionMasks.local(equal, 0.5).toDoubles());
    assertArrayEquals(
        new double[] {1, 0, 1, 0},
        ConnectionMasks.keepLargest(List.of(equal), 0.5).get(0).toDoubles());
  }

  @Property(tries = 60)
  void twoOfFourKeepsTheTwoLargestOfEachFour(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 4) int groups) {
    Tensor scores = scores(seed, 3, 2, 4 * groups);
    Tensor mask = ConnectionMasks.ofEach(2, 4, scores);
    for (int from = 0; from < mask.count(); from += 4) {
      double gone = 0;
      double kept = Double.POSITIVE_INFINITY;
      int count = 0;
      for (int i = from; i < from + 4; i++) {
        count += (int) mask.get(i);
        if (mask.get(i) == 0) {
          gone = Math.max(gone, scores.get(i));
        } else {
          kept = Math.min(kept, scores.get(i));
        }
      }
      assertEquals(2, count);
      assertTrue(kept >= gone);
    }
  }

  @Test
  void anIncompleteRunKeepsItsShareRoundedUp() {
    Tensor scores = Tensor.of(Shape.of(1, 7), 1f, 2f, 3f, 4f, 5f, 7f, 6f);
    assertArrayEquals(
        new double[] {0, 0, 1, 1, 0, 1, 1}, ConnectionMasks.ofEach(2, 4, scores).toDoubles());
    assertThrows(IllegalArgumentException.class, () -> ConnectionMasks.ofEach(5, 4, scores));
    assertThrows(IllegalArgumentException.class, () -> ConnectionMasks.ofEach(0, 4, scores));
  }

  @Test
  void blocksGoAsAWhole() {
    Tensor scores = Tensor.of(Shape.of(3, 4), 9f, 1f, 2f, 2f, 1f, 1f, 2f, 3f, 0f, 8f, 5f, 5f);
    // Means of 2 by 2 blocks: 3 and 2.25; of the row at the edge: 4 and 5.
    assertArrayEquals(
        new double[] {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1},
        ConnectionMasks.blocks(2, 2, scores, 0.5).toDoubles());
    Tensor kernel = scores(3, 4, 3, 3, 8);
    Tensor mask = ConnectionMasks.blocks(4, 8, kernel, 4.0 / 9);
    assertEquals(4 * 32, zeros(mask));
    for (int i = 0; i < mask.count(); i++) {
      assertEquals(mask.get(i % 72 / 8 * 8), mask.get(i), "one position of the kernel, one block");
    }
    assertThrows(IllegalArgumentException.class, () -> ConnectionMasks.blocks(0, 2, scores, 0.5));
  }

  @Test
  void sharesOutOfRangeAreRefused() {
    Tensor scores = scores(1, 2, 3);
    for (double sparsity : new double[] {-0.1, 1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> ConnectionMasks.local(scores, sparsity));
    }
    for (double ratio : new double[] {0, 0.1, 1.1, Double.NaN}) {
      Exception refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> ConnectionMasks.keepLargest(List.of(scores), ratio));
      assertTrue(refused.getMessage().contains("" + ratio), refused.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> ConnectionMasks.rowNorms(scores, 3));
    scores.set(1, Double.NaN);
    assertThrows(IllegalArgumentException.class, () -> ConnectionMasks.local(scores, 0.5));
  }
}
