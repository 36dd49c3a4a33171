package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.junit.jupiter.api.Test;

class NormalizationTest {
  private static Normalization two() {
    return new Normalization(new double[] {1, 2}, new double[] {2, 4});
  }

  @Test
  void shiftsAndScalesEachChannel() {
    float[] values = {9, 3, 6, -1, -2, 9};
    two().apply(values, 1, 4);
    assertArrayEquals(new float[] {9, 1, 1, -1, -1, 9}, values);
  }

  @Test
  void isAnAugmentationToo() {
    float[] values = {9, 9, 3, 6, -1, -2};
    two().apply(new Sample(Shape.of(1, 2, 2)).moveTo(values, 2), Random.of(1));
    assertArrayEquals(new float[] {9, 9, 1, 1, -1, -1}, values);
  }

  @Test
  void measuresMeanAndPopulationDeviation() {
    Dataset data =
        new MemoryDataset(
            Shape.of(1, 2, 2),
            List.of("a"),
            new byte[][] {{0, 10, 51, 10}, {102, 20, (byte) 153, 20}},
            new int[2]);
    Normalization measured = Normalization.of(data);
    assertArrayEquals(new double[] {0.3, 15 / 255.0}, measured.mean(), 1e-7);
    assertArrayEquals(
        new double[] {Math.sqrt((0.09 + 0.01 + 0.01 + 0.09) / 4), 5 / 255.0}, measured.std(), 1e-7);
  }

  @Test
  void aMeasuredSetHasMeanZeroAndDeviationOneAfterwards() {
    Dataset data = Shapes.training(3, 50);
    Normalization measured = Normalization.of(data);
    double sum = 0;
    double squares = 0;
    float[] values = new float[data.sampleShape().count()];
    for (int i = 0; i < data.size(); i++) {
      data.read(i, values, 0);
      measured.apply(values, 0, values.length);
      for (float value : values) {
        sum += value;
        squares += value * value;
      }
    }
    double count = (double) values.length * data.size();
    assertEquals(0, sum / count, 1e-5);
    assertEquals(1, squares / count, 1e-4);
  }

  @Test
  void aConstantChannelIsAnError() {
    assertThrows(
        IllegalArgumentException.class, () -> Normalization.of(TinyDataset.of(1, 1, 2, 2, 1)));
  }

  @Test
  void refusesUnevenOrWrongChannels() {
    assertThrows(
        ShapeException.class, () -> new Normalization(new double[] {1}, new double[] {1, 1}));
    assertThrows(ShapeException.class, () -> two().apply(new float[3], 0, 3));
    assertThrows(
        ShapeException.class,
        () -> two().apply(new Sample(Shape.of(1, 1, 1)).moveTo(new float[1], 0), Random.of(1)));
  }

  @Test
  void comparesByValueAndCannotBeChanged() {
    assertEquals(two(), two());
    assertEquals(two().hashCode(), two().hashCode());
    assertNotEquals(two(), Normalization.identity(2));
    Normalization held = two();
    held.mean()[0] = 5;
    assertEquals(two(), held);
  }
}
