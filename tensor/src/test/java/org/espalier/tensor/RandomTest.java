package org.espalier.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RandomTest {
  private static final int COUNT = 200_000;

  private static double mean(java.util.function.IntToDoubleFunction draw) {
    return IntStream.range(0, COUNT).mapToDouble(draw).average().orElseThrow();
  }

  @Test
  void uniformNumbersFillTheUnitInterval() {
    Random random = Random.of(1);
    double mean = mean(random::uniform);
    double variance = mean(i -> Math.pow(random.uniform(i) - mean, 2));
    assertEquals(0.5, mean, 4 * Math.sqrt(1.0 / 12 / COUNT));
    assertEquals(Math.sqrt(1.0 / 12), Math.sqrt(variance), 0.002);
    for (int i = 0; i < COUNT; i++) {
      double u = random.uniform(i);
      assertTrue(u >= 0 && u < 1, "got " + u);
    }
  }

  @Test
  void normalNumbersHaveTheMomentsOfTheNormalDistribution() {
    Random random = Random.of(2);
    assertEquals(0, mean(random::normal), 4 / Math.sqrt(COUNT));
    assertEquals(1, mean(i -> Math.pow(random.normal(i), 2)), 0.02);
    assertEquals(0, mean(i -> Math.pow(random.normal(i), 3)), 0.04);
    assertEquals(3, mean(i -> Math.pow(random.normal(i), 4)), 0.12);
  }

  @Test
  void neighboursAreNotCorrelated() {
    Random random = Random.of(3);
    double sum = mean(i -> (random.uniform(i) - 0.5) * (random.uniform(i + 1) - 0.5));
    assertEquals(0, sum, 4 / 12.0 / Math.sqrt(COUNT));
  }

  @Test
  void aNumberIsAFunctionOfSeedPurposeAndIndex() {
    Random dropout = Random.of(7).stream("dropout");
    assertEquals(dropout.bits(12), Random.of(7).stream("dropout").bits(12));
    assertEquals(dropout.bits(12), Random.ofKey(dropout.key()).bits(12));
    assertEquals(Random.of(7).at(3, 4).key(), Random.of(7).at(3, 4).key());
  }

  @Test
  void streamsDiffer() {
    Random root = Random.of(7);
    long[] keys = {
      root.key(),
      Random.of(8).key(),
      root.stream("dropout").key(),
      root.stream("init").key(),
      root.stream("").key(),
      root.at(1, 2).key(),
      root.at(2, 1).key(),
      root.at(1).key(),
      root.at(1, 0).key(),
      root.at().key(),
      root.stream("a").stream("b").key(),
      root.stream("b").stream("a").key()
    };
    assertEquals(keys.length, Arrays.stream(keys).distinct().count());
    assertNotEquals(root.stream("a").bits(0), root.stream("b").bits(0));
    double common = mean(i -> (root.at(0).uniform(i) - 0.5) * (root.at(1).uniform(i) - 0.5));
    assertEquals(0, common, 4 / 12.0 / Math.sqrt(COUNT));
  }

  @Property(tries = 200)
  void integersStayBelowTheirBound(
      @ForAll long seed, @ForAll @IntRange(min = 1) int bound, @ForAll long index) {
    int drawn = Random.of(seed).integer(index, bound);
    assertTrue(drawn >= 0 && drawn < bound, "got " + drawn + " of " + bound);
  }

  @Test
  void integersAreUniform() {
    Random random = Random.of(5);
    int[] seen = new int[7];
    for (int i = 0; i < 70_000; i++) {
      seen[random.integer(i, 7)]++;
    }
    for (int count : seen) {
      assertEquals(10_000, count, 400);
    }
  }

  @Test
  void aBoundMustBePositive() {
    assertThrows(IllegalArgumentException.class, () -> Random.of(1).integer(0, 0));
  }

  @Property(tries = 100)
  void aPermutationHoldsEveryNumberOnce(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 300) int count) {
    int[] order = Random.of(seed).permutation(count);
    Arrays.sort(order);
    for (int i = 0; i < count; i++) {
      assertEquals(i, order[i]);
    }
  }

  @Test
  void allPermutationsAreEquallyLikely() {
    int[] seen = new int[27];
    for (int seed = 0; seed < 60_000; seed++) {
      int[] order = Random.of(seed).permutation(3);
      seen[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    int[] counts = Arrays.stream(seen).filter(count -> count > 0).toArray();
    assertEquals(6, counts.length);
    for (int count : counts) {
      assertEquals(10_000, count, 400);
    }
  }
}
