package org.espalier.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class DensityTest {
  @Test
  void countsWhatIsNoZero() {
    Tensor tensor = Tensor.of(Shape.of(5), 0f, -0f, Float.NaN, 1e-40f, 3f);
    assertEquals(new Density(3, 5), Density.of(tensor));
    assertEquals(0.6, Density.of(tensor.frozen()).share());
    assertEquals(0, Density.of(Tensor.zeros(0)).share());
  }

  @Test
  void countsAFrozenTensorOnce() {
    Tensor frozen = Tensor.of(Shape.of(2), 0f, 1f).frozen();
    Density.of(frozen);
    frozen.f32()[0] = 1;
    assertEquals(1, Density.of(frozen).nonZeros());
  }
}
