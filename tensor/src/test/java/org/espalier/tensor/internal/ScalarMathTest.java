package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class ScalarMathTest {
  private static final double LARGEST_RELATIVE_ERROR = 2e-7;

  @FunctionalInterface
  private interface FloatFunction {
    float at(float x);
  }

  private static void agree(
      FloatFunction function, DoubleUnaryOperator exact, float from, float to) {
    int checked = 0;
    float step = (to - from) / 40_000;
    for (int i = 0; i <= 40_000; i++) {
      float x = from + i * step;
      double expected = exact.applyAsDouble(x);
      if (Math.abs(expected) >= Float.MIN_NORMAL && Math.abs(expected) <= Float.MAX_VALUE) {
        double error = Math.abs(function.at(x) / expected - 1);
        assertTrue(error < LARGEST_RELATIVE_ERROR, "relative error " + error + " at " + x);
        checked++;
      }
    }
    assertTrue(checked > 30_000, "checked " + checked);
  }

  @Test
  void exponentialIsRightToFloatAccuracy() {
    agree(ScalarMath::exp, Math::exp, -87, 88);
    agree(ScalarMath::exp, Math::exp, -1, 1);
  }

  @Test
  void sigmoidIsRightToFloatAccuracy() {
    agree(ScalarMath::sigmoid, x -> 1 / (1 + Math.exp(-x)), -87, 87);
  }

  @Test
  void hyperbolicTangentIsRightToFloatAccuracy() {
    agree(ScalarMath::tanh, Math::tanh, -20, 20);
    agree(ScalarMath::tanh, Math::tanh, -0.3f, 0.3f);
    agree(ScalarMath::tanh, Math::tanh, 1e-7f, 1e-4f);
  }

  @Test
  void logarithmIsRightToFloatAccuracy() {
    agree(ScalarMath::log, Math::log, 1e-3f, 3);
    agree(ScalarMath::log, Math::log, 0.99f, 1.01f);
    agree(ScalarMath::log, Math::log, 1e-30f, 1e-28f);
    agree(ScalarMath::log, Math::log, 1e30f, 1e38f);
    assertEquals((float) Math.log(Float.MIN_VALUE), ScalarMath.log(Float.MIN_VALUE));
  }

  @Test
  void theEndsOfTheLineAreRight() {
    float infinity = Float.POSITIVE_INFINITY;
    assertEquals(infinity, ScalarMath.exp(infinity));
    assertEquals(0, ScalarMath.exp(-infinity));
    assertEquals(infinity, ScalarMath.exp(89));
    assertEquals(0, ScalarMath.exp(-104));
    assertEquals(1, ScalarMath.sigmoid(infinity));
    assertEquals(0, ScalarMath.sigmoid(-infinity));
    assertEquals(-1, ScalarMath.tanh(-infinity));
    assertEquals(1, ScalarMath.tanh(infinity));
    assertEquals(-infinity, ScalarMath.log(0));
    assertEquals(-infinity, ScalarMath.log(-0f));
    assertEquals(infinity, ScalarMath.log(infinity));
    assertTrue(Float.isNaN(ScalarMath.log(-1)));
  }

  @Test
  void notANumberStaysNotANumber() {
    assertTrue(Float.isNaN(ScalarMath.exp(Float.NaN)));
    assertTrue(Float.isNaN(ScalarMath.sigmoid(Float.NaN)));
    assertTrue(Float.isNaN(ScalarMath.tanh(Float.NaN)));
    assertTrue(Float.isNaN(ScalarMath.log(Float.NaN)));
  }

  @Test
  void theSignOfZeroSurvives() {
    assertEquals(-0f, ScalarMath.tanh(-0f));
    assertEquals(0f, ScalarMath.tanh(0f));
  }
}
