package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.espalier.io.data.RandomCrop.Border;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class RandomCropTest {
  private static final int SIDE = 4;

  /** The slow twin: pads to a larger picture, then cuts. */
  private static float[] padAndCut(float[] picture, int padding, Border border, int top, int left) {
    int large = SIDE + 2 * padding;
    float[] padded = new float[large * large];
    for (int y = 0; y < large; y++) {
      for (int x = 0; x < large; x++) {
        int fromY = y - padding;
        int fromX = x - padding;
        if (border == Border.REFLECT) {
          fromY = mirror(fromY);
          fromX = mirror(fromX);
        }
        if (fromY >= 0 && fromY < SIDE && fromX >= 0 && fromX < SIDE) {
          padded[y * large + x] = picture[fromY * SIDE + fromX];
        }
      }
    }
    float[] cut = new float[SIDE * SIDE];
    for (int y = 0; y < SIDE; y++) {
      System.arraycopy(padded, (top + y) * large + left, cut, y * SIDE, SIDE);
    }
    return cut;
  }

  private static int mirror(int position) {
    return position < 0 ? -position : position >= SIDE ? 2 * SIDE - 2 - position : position;
  }

  private static Set<String> everyCut(int padding, Border border) {
    Set<String> cuts = new HashSet<>();
    for (int top = 0; top <= 2 * padding; top++) {
      for (int left = 0; left <= 2 * padding; left++) {
        float[] ramp = TinyDataset.ramp(SIDE * SIDE);
        cuts.add(Arrays.toString(padAndCut(ramp, padding, border, top, left)));
      }
    }
    return cuts;
  }

  private static Set<String> drawnCuts(int padding, Border border) {
    Set<String> cuts = new HashSet<>();
    RandomCrop crop = new RandomCrop(padding, border);
    for (int i = 0; i < 1000; i++) {
      float[] values = TinyDataset.ramp(SIDE * SIDE);
      crop.apply(new Sample(Shape.of(SIDE, SIDE, 1)).moveTo(values, 0), Random.of(3).at(i));
      cuts.add(Arrays.toString(values));
    }
    return cuts;
  }

  @Test
  void everyCutOfThePaddedPictureIsDrawnAndNoOther() {
    for (Border border : Border.values()) {
      assertEquals(everyCut(2, border), drawnCuts(2, border));
    }
  }

  @Test
  void channelsStayTogetherAndNeighboursUntouched() {
    float[] batch = new float[3 + SIDE * SIDE * 2 + 3];
    Arrays.fill(batch, -1);
    for (int i = 0; i < SIDE * SIDE; i++) {
      batch[3 + 2 * i] = i;
      batch[3 + 2 * i + 1] = 100 + i;
    }
    new RandomCrop(3, Border.REFLECT)
        .apply(new Sample(Shape.of(SIDE, SIDE, 2)).moveTo(batch, 3), Random.of(5));
    for (int i = 0; i < SIDE * SIDE; i++) {
      assertEquals(100, batch[3 + 2 * i + 1] - batch[3 + 2 * i]);
    }
    assertArrayEquals(new float[] {-1, -1, -1}, Arrays.copyOf(batch, 3));
    assertArrayEquals(
        new float[] {-1, -1, -1}, Arrays.copyOfRange(batch, batch.length - 3, batch.length));
  }

  @Test
  void refusesPaddingAsWideAsThePicture() {
    Sample sample = new Sample(Shape.of(SIDE, SIDE, 1)).moveTo(new float[16], 0);
    assertThrows(
        IllegalArgumentException.class, () -> new RandomCrop(4).apply(sample, Random.of(1)));
    assertThrows(IllegalArgumentException.class, () -> new RandomCrop(-1));
  }
}
