package org.espalier.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.tensor.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the fixed-point primitives against what they are defined to round. */
class FixedPointMultiplierTest {
  @Test
  void highMulSaturatesOnlyForTheTwoLeastNumbers() {
    assertEquals(
        Integer.MAX_VALUE, FixedPointMultiplier.highMul(Integer.MIN_VALUE, Integer.MIN_VALUE));
    assertEquals(
        Integer.MIN_VALUE + 1, FixedPointMultiplier.highMul(Integer.MIN_VALUE, Integer.MAX_VALUE));
    assertEquals(1, FixedPointMultiplier.highMul(1, 1 << 30));
    assertEquals(0, FixedPointMultiplier.highMul(-1, 1 << 30));
  }

  @Test
  void roundingShiftRoundsTiesAwayFromZero() {
    assertEquals(3, FixedPointMultiplier.roundingShift(5, 1));
    assertEquals(-3, FixedPointMultiplier.roundingShift(-5, 1));
    assertEquals(1, FixedPointMultiplier.roundingShift(5, 2));
    assertEquals(7, FixedPointMultiplier.roundingShift(7, 0));
    assertEquals(-1, FixedPointMultiplier.roundingShift(Integer.MIN_VALUE, 31));
    assertEquals(1, FixedPointMultiplier.roundingShift(Integer.MAX_VALUE, 31));
    assertEquals(0, FixedPointMultiplier.roundingShift(1 << 29, 31));
  }

  @Test
  void mantissaThatRoundsUpToOneIsHalved() {
    assertEquals(new FixedPointMultiplier(1 << 30, 1), FixedPointMultiplier.of(Math.nextDown(1.0)));
    assertEquals(new FixedPointMultiplier(1 << 30, 0), FixedPointMultiplier.of(0.5));
    assertEquals(new FixedPointMultiplier(0, 0), FixedPointMultiplier.of(1e-12));
    assertEquals(new FixedPointMultiplier(0, 0), FixedPointMultiplier.of(0));
  }

  @Test
  void shiftToTheLeftSaturates() {
    assertEquals(1 << 30, FixedPointMultiplier.of(1L << 40).times(3));
    assertEquals(-(1 << 30), FixedPointMultiplier.of(1L << 40).times(-3));
    assertEquals(0, FixedPointMultiplier.of(1L << 40).times(0));
  }

  @Test
  void productIsWithinOneOfTheRealOne() {
    Random random = Random.of(3);
    for (int i = 0; i < 20_000; i++) {
      double real = Math.pow(2, -30 * random.uniform(3L * i));
      int x = (int) ((random.uniform(3L * i + 1) - 0.5) * (1 << 24));
      int product = FixedPointMultiplier.of(real).times(x);
      assertTrue(Math.abs(product - x * real) <= 1, x + " · " + real + " gave " + product);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1e-9, Double.NaN, Double.POSITIVE_INFINITY})
  void badMultipliersAreRefused(double real) {
    assertThrows(IllegalArgumentException.class, () -> FixedPointMultiplier.of(real));
  }
}
