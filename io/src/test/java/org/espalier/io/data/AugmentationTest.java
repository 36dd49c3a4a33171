package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.junit.jupiter.api.Test;

class AugmentationTest {
  private static Sample sample(float[] values) {
    return new Sample(Shape.of(4, 4, 1)).moveTo(values, 0);
  }

  @Test
  void stepsAreAppliedInOrder() {
    float[] values = TinyDataset.ramp(16);
    Augmentation add = (sample, random) -> sample.values()[0] += 1;
    Augmentation twice = (sample, random) -> sample.values()[0] *= 2;
    Augmentation.of(add, twice).apply(sample(values), Random.of(1));
    assertArrayEquals(new float[] {2}, new float[] {values[0]});
  }

  @Test
  void eachStepDrawsFromItsOwnStream() {
    List<Double> drawn = new ArrayList<>();
    Augmentation draw = (sample, random) -> drawn.add(random.uniform(0));
    Augmentation.of(draw, draw).apply(sample(new float[16]), Random.of(1));
    assertNotEquals(drawn.get(0), drawn.get(1));
  }

  @Test
  void noneChangesNothing() {
    float[] values = TinyDataset.ramp(16);
    Augmentation.none().apply(sample(values), Random.of(1));
    assertArrayEquals(TinyDataset.ramp(16), values);
  }

  @Test
  void onlyPicturesCanBeChanged() {
    assertThrows(ShapeException.class, () -> new Sample(Shape.of(16)));
  }
}
