package org.espalier.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Tests how sums become codes, and the bound of sums. */
class RequantizationTest {
  @Test
  void tiesGoToEvenBeforeTheZeroPointIsAdded() {
    Requantization half = new Requantization(RequantizationMode.FLOAT_SCALE, CodeRange.all(1), 0.5);
    assertEquals(1, half.code(1, 0));
    assertEquals(3, half.code(3, 0));
  }

  @Test
  void modesDifferByAtMostOneCode() {
    Random random = Random.of(5);
    int differing = 0;
    for (int i = 0; i < 50_000; i++) {
      double real = Math.pow(2, -16 * random.uniform(4L * i));
      CodeRange range = CodeRange.all((int) (random.uniform(4L * i + 1) * 256) - 128);
      int sum = (int) ((random.uniform(4L * i + 2) - 0.5) * 600 / real);
      int exact = new Requantization(RequantizationMode.FLOAT_SCALE, range, real).code(sum, 0);
      int fixed = new Requantization(RequantizationMode.FIXED_POINT, range, real).code(sum, 0);
      assertTrue(Math.abs(exact - fixed) <= 1, sum + " · " + real + ": " + exact + ", " + fixed);
      differing += exact == fixed ? 0 : 1;
    }
    assertTrue(differing < 2_500, differing + " of 50,000 differ");
  }

  @Test
  void clampIsPartOfTheRounding() {
    CodeRange rectified = new CodeRange(-20, -20, 100);
    Requantization one = new Requantization(RequantizationMode.FIXED_POINT, rectified, 1);
    assertEquals(-20, one.code(-5, 0));
    assertEquals(-15, one.code(5, 0));
    assertEquals(100, one.code(1_000_000, 0));
  }

  @Test
  void codesOutsideBytesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new CodeRange(0, -129, 127));
    assertThrows(IllegalArgumentException.class, () -> new CodeRange(128, -128, 127));
    assertThrows(IllegalArgumentException.class, () -> new CodeRange(0, 5, 4));
  }

  @Test
  void boundCountsTheBiasAndEveryWeight() {
    Tensor weight =
        Tensor.of(Shape.of(2, 3), (byte) 1, (byte) -2, (byte) 3, (byte) -127, (byte) 0, (byte) 1);
    Tensor bias = Tensor.of(Shape.of(2), 1000, -7);
    assertEquals(128 * 255 + 7, AccumulatorBound.of(weight, bias, 255));
    assertEquals(
        6 * 10 + 1000, AccumulatorBound.of(weight, Tensor.of(Shape.of(2), 1000, -7), 1) + 54);
    Tensor huge = Tensor.of(Shape.of(2), Integer.MIN_VALUE, 0);
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> AccumulatorBound.check("block1.conv2", weight, huge, 255));
    assertTrue(refused.getMessage().contains("block1.conv2"), refused.getMessage());
  }
}
