package org.espalier.sparse.sharing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.Random;
import org.junit.jupiter.api.Test;

class CodebookTest {
  private static double[] numbers(long seed, int count) {
    Random random = Random.of(seed);
    double[] numbers = new double[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = random.normal(i);
    }
    return numbers;
  }

  /** Seeks the nearest centroid the long way; of equal ones the lower. */
  private static int nearest(double number, double... centroids) {
    int best = 0;
    for (int c = 1; c < centroids.length; c++) {
      best = Math.abs(number - centroids[c]) < Math.abs(number - centroids[best]) ? c : best;
    }
    return best;
  }

  @Property(tries = 50)
  void everyStepIsLloydsAndLowersTheObjective(
      @ForAll long seed,
      @ForAll @IntRange(min = 20, max = 200) int count,
      @ForAll @IntRange(min = 1, max = 17) int clusters) {
    double[] numbers = numbers(seed, count);
    Codebook book = new Codebook(numbers, clusters);
    boolean moved = true;
    while (moved) {
      double[] before = book.centroids();
      double objective = book.objective();
      double[] sums = new double[clusters];
      int[] members = new int[clusters];
      double distance = 0;
      for (double number : numbers) {
        int code = nearest(number, before);
        sums[code] += number;
        members[code]++;
        distance += (number - before[code]) * (number - before[code]);
      }
      assertEquals(distance, objective, 1e-9 * (1 + distance));
      moved = book.step();
      assertTrue(book.objective() <= objective + 1e-12 * (1 + objective), "never worse");
      double[] after = book.centroids();
      for (int c = 0; c < clusters; c++) {
        assertEquals(members[c] == 0 ? before[c] : sums[c] / members[c], after[c], 1e-12);
      }
    }
    int[] codes = book.codes();
    for (int i = 0; i < count; i++) {
      assertEquals(nearest(numbers[i], book.centroids()), codes[i]);
    }
  }

  @Test
  void aTieGoesToTheLowerCentroidAndAnEmptyClusterStays() {
    Codebook tie = new Codebook(new double[] {0, 1, 2}, 2);
    assertArrayEquals(new int[] {0, 0, 1}, tie.codes());
    Codebook empty = Codebook.fit(new double[] {0, 0.1, 0.2, 10}, 3, 50);
    assertEquals(5, empty.centroids()[1], 0);
    assertEquals(0.1, empty.centroids()[0], 1e-12);
  }

  @Test
  void equalNumbersShareOneCode() {
    Codebook book = Codebook.fit(new double[] {3, 3, 3, 3}, 4, 10);
    assertArrayEquals(new int[4], book.codes());
    assertEquals(0, book.objective(), 0);
  }

  @Test
  void refusesBadNumbersAndCounts() {
    assertThrows(IllegalArgumentException.class, () -> new Codebook(new double[] {1, 2}, 3));
    assertThrows(IllegalArgumentException.class, () -> new Codebook(new double[] {1, 2}, 0));
    assertThrows(
        IllegalArgumentException.class, () -> new Codebook(new double[] {1, Double.NaN}, 1));
    assertThrows(IllegalArgumentException.class, () -> Codebook.fit(new double[] {1, 2}, 1, -1));
  }
}
