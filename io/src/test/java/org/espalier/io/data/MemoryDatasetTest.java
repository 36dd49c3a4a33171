package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.junit.jupiter.api.Test;

class MemoryDatasetTest {
  private static final List<String> NAMES = List.of("a", "b");

  @Test
  void readsUnsignedBytesAsNumbersFromZeroToOne() {
    MemoryDataset data =
        new MemoryDataset(
            Shape.of(1, 3, 1), NAMES, new byte[][] {{0, 127, (byte) 255}}, new int[] {1});
    float[] out = new float[5];
    data.read(0, out, 1);
    assertArrayEquals(new float[] {0, 0, 127 / 255f, 1, 0}, out);
    assertEquals(1, data.label(0));
  }

  @Test
  void refusesPicturesOfAnotherSize() {
    assertEquals(
        "data set: picture 0 has 2 bytes, sample shape [1, 3, 1] needs 3",
        assertThrows(
                ShapeException.class,
                () -> new MemoryDataset(Shape.of(1, 3, 1), NAMES, new byte[1][2], new int[1]))
            .getMessage());
  }

  @Test
  void refusesLabelsWithoutAName() {
    assertEquals(
        "data set: label of picture 0 is 2, expected 0 to 1",
        assertThrows(
                IllegalArgumentException.class,
                () -> new MemoryDataset(Shape.of(1, 3, 1), NAMES, new byte[1][3], new int[] {2}))
            .getMessage());
  }

  @Test
  void refusesFewerLabelsThanPictures() {
    assertThrows(
        ShapeException.class,
        () -> new MemoryDataset(Shape.of(1, 1, 1), NAMES, new byte[2][1], new int[1]));
    assertThrows(
        ShapeException.class,
        () -> new MemoryDataset(Shape.of(1), NAMES, new byte[1][1], new int[1]));
  }
}
