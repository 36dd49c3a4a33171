package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class DenormalsTest {
  private static Tensor tensor(float... values) {
    return Tensor.of(Shape.of(values.length), values);
  }

  @Test
  void onlyNumbersBelowTheLimitBecomeZero() {
    Tensor tensor =
        tensor(
            9.9e-31f,
            -9.9e-31f,
            Float.MIN_VALUE,
            -0f,
            1.01e-30f,
            -2e-30f,
            1,
            -3e38f,
            Float.POSITIVE_INFINITY,
            Float.NaN);
    Denormals.flush(tensor);
    assertTrue(
        tensor(0, 0, 0, 0, 1.01e-30f, -2e-30f, 1, -3e38f, Float.POSITIVE_INFINITY, Float.NaN)
            .bitEquals(tensor),
        tensor::toString);
  }

  @Test
  void aTensorWithoutTinyNumbersIsReturnedItself() {
    Tensor clean = tensor(0, 1, -2e-30f);
    assertSame(clean, Denormals.flushed(clean));
    Tensor tiny = tensor(1e-40f, 1);
    assertArrayEquals(new double[] {0, 1}, Denormals.flushed(tiny).toDoubles());
    assertTrue(tiny.get(0) != 0);
  }
}
