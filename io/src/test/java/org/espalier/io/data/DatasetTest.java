package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.Random;
import org.junit.jupiter.api.Test;

class DatasetTest {
  private static float first(Dataset data, int index) {
    float[] values = new float[data.sampleShape().count() + 1];
    data.read(index, values, 1);
    return values[1] * 255;
  }

  private static int[] contents(Dataset data) {
    return IntStream.range(0, data.size()).map(i -> Math.round(first(data, i))).toArray();
  }

  @Test
  void subsetOfASubsetReadsTheRightSamples() {
    Dataset data = TinyDataset.of(10, 3, 2, 2, 1).subset(9, 7, 5, 3).subset(2, 0);
    assertArrayEquals(new int[] {5, 9}, contents(data));
    assertEquals(5 % 3, data.label(0));
    assertEquals(9 % 3, data.label(1));
  }

  @Test
  void takeReturnsTheFirstSamples() {
    assertArrayEquals(new int[] {0, 1, 2}, contents(TinyDataset.of(10, 3, 1, 1, 1).take(3)));
  }

  @Test
  void takingMoreThanThereIsIsAnError() {
    Dataset data = TinyDataset.of(10, 3, 1, 1, 1);
    assertEquals(
        "data set: cannot take 11 samples of 10",
        assertThrows(IllegalArgumentException.class, () -> data.take(11)).getMessage());
    assertThrows(IndexOutOfBoundsException.class, () -> data.subset(10));
  }

  @Property(tries = 50)
  void splitIsAPartitionInProportion(
      @ForAll @IntRange(min = 1, max = 200) int size,
      @ForAll @IntRange(min = 1, max = 7) int classes,
      @ForAll @DoubleRange(min = 0, max = 1) double fraction,
      @ForAll long seed) {
    Dataset data = TinyDataset.of(size, classes, 1, 1, 1);
    Split split = data.split(fraction, Random.of(seed));
    assertEquals(Math.round(fraction * size), split.validation().size());
    int[] all =
        IntStream.concat(
                Arrays.stream(contents(split.training())),
                Arrays.stream(contents(split.validation())))
            .sorted()
            .toArray();
    assertArrayEquals(IntStream.range(0, size).toArray(), all);
    for (int label = 0; label < classes; label++) {
      assertEquals(fraction * count(data, label), count(split.validation(), label), 1.0);
    }
  }

  private static long count(Dataset data, int label) {
    return IntStream.range(0, data.size()).filter(i -> data.label(i) == label).count();
  }

  @Test
  void splitDependsOnTheSeedOnly() {
    Dataset data = TinyDataset.of(100, 5, 1, 1, 1);
    int[] once = contents(data.split(0.3, Random.of(1)).validation());
    assertArrayEquals(once, contents(data.split(0.3, Random.of(1)).validation()));
    assertFalse(Arrays.equals(once, contents(data.split(0.3, Random.of(2)).validation())));
  }

  @Test
  void splitRefusesAFractionAboveOne() {
    Dataset data = TinyDataset.of(10, 2, 1, 1, 1);
    assertThrows(IllegalArgumentException.class, () -> data.split(1.5, Random.of(1)));
    assertThrows(IllegalArgumentException.class, () -> data.split(Double.NaN, Random.of(1)));
  }
}
