package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.espalier.io.data.Augmentation;
import org.espalier.io.data.Normalization;
import org.espalier.io.data.Sample;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataSourceTest {
  private static final Normalization NORMALIZATION =
      new Normalization(new double[] {0.5, 0.25}, new double[] {0.5, 0.25});

  private static float[] augmented(String words, int seed) {
    float[] values = new float[6 * 6 * 2];
    Arrays.fill(values, 1);
    Augmentation augmentation = DataSource.augmentation(words, NORMALIZATION);
    augmentation.apply(new Sample(Shape.of(6, 6, 2)).moveTo(values, 0), Random.of(seed));
    return values;
  }

  @ParameterizedTest
  @ValueSource(strings = {"cutout3", "cutout3,flip", "flip, cutout3"})
  void aCutoutShowsTheMeanWhereverItStands(String words) {
    for (int seed = 0; seed < 20; seed++) {
      float[] values = augmented(words, seed);
      int cut = 0;
      for (int i = 0; i < values.length; i++) {
        assertTrue(values[i] == 0 || values[i] == (i % 2 == 0 ? 1 : 3));
        cut += values[i] == 0 ? 1 : 0;
      }
      assertTrue(cut >= 8 && cut <= 18, "cut " + cut);
    }
  }

  @Test
  void whatACropAddsIsBlack() {
    boolean[] black = {false};
    for (int seed = 0; seed < 20; seed++) {
      for (float value : augmented("crop2", seed)) {
        black[0] |= value == -1;
        assertTrue(value == -1 || value == 1 || value == 3);
      }
    }
    assertTrue(black[0]);
  }

  @Test
  void withoutAugmentationPixelsAreStillNormalised() {
    float[] values = augmented("none", 1);
    assertEquals(1, values[0]);
    assertEquals(3, values[1]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "mirror", "crop", "cutout0x", "flip,,flip", "none,flip"})
  void otherWordsAreRefused(String words) {
    assertThrows(IllegalArgumentException.class, () -> DataSource.named(words));
  }
}
