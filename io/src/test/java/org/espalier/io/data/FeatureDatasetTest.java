package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.espalier.nn.Batch;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.junit.jupiter.api.Test;

class FeatureDatasetTest {
  private static final List<String> FEATURES = List.of("w", "h");
  private static final List<String> CLASSES = List.of("a", "b");

  @Test
  void rowsBecomeBatches() {
    Dataset data =
        new FeatureDataset(FEATURES, CLASSES, new float[][] {{1, 2}, {3, 4}}, new int[] {1, 0});
    Batch batch =
        Loader.of(data)
            .normalize(new Normalization(new double[] {1, 2}, new double[] {2, 1}))
            .build()
            .epoch(0, 0)
            .next();
    assertEquals(Shape.of(2, 2), batch.x().shape());
    assertArrayEquals(new float[] {0, 0, 1, 2}, batch.x().f32());
    assertArrayEquals(new int[] {1, 0}, batch.y().i32());
  }

  @Test
  void unevenRowsAndUnknownClassesAreRefused() {
    assertThrows(
        ShapeException.class,
        () -> new FeatureDataset(FEATURES, CLASSES, new float[1][3], new int[1]));
    assertThrows(
        ShapeException.class,
        () -> new FeatureDataset(FEATURES, CLASSES, new float[1][2], new int[2]));
    assertThrows(
        IllegalArgumentException.class,
        () -> new FeatureDataset(FEATURES, CLASSES, new float[1][2], new int[] {2}));
  }
}
