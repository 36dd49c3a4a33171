package org.espalier.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.espalier.tensor.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class UnaryTest {
  private static final double STEP = 1e-5;

  /** Numbers a and b for functions that need others than 0.3 and 0.8. */
  private static final Map<Unary, double[]> NUMBERS =
      Map.of(
          Unary.HARD_TANH, new double[] {-1, 1},
          Unary.CLAMP, new double[] {-1, 1},
          Unary.POW, new double[] {2.5, 0},
          Unary.SOFTPLUS, new double[] {1.5, 20});

  private static double draw(Unary.Domain domain, Random random, int i) {
    double u = random.uniform(i);
    return switch (domain) {
      case ANY -> 6 * u - 3;
      case POSITIVE -> 0.1 + 3 * u;
      case AWAY_FROM_ZERO -> (i % 2 == 0 ? 1 : -1) * (0.01 + 3 * u);
      case INSIDE_ONE -> 1.98 * u - 0.99;
    };
  }

  @ParameterizedTest
  @EnumSource(Unary.class)
  void derivativesAgreeWithCentralDifferences(Unary op) {
    double[] numbers = NUMBERS.getOrDefault(op, new double[] {0.3, 0.8});
    double a = numbers[0];
    double b = numbers[1];
    Random random = Random.of(op.ordinal());
    for (int i = 0; i < 300; i++) {
      double x = draw(op.domain(), random, i);
      double difference = (op.value(x + STEP, a, b) - op.value(x - STEP, a, b)) / (2 * STEP);
      double derivative = op.derivative(x, op.value(x, a, b), a, b);
      assertEquals(difference, derivative, 1e-7 * Math.max(1, Math.abs(derivative)), "x = " + x);
    }
  }

  @ParameterizedTest
  @EnumSource(Unary.class)
  void aDerivativeNeedsEitherTheInputOrTheOutput(Unary op) {
    double[] numbers = NUMBERS.getOrDefault(op, new double[] {0.3, 0.8});
    double x = 0.7;
    double y = op.value(x, numbers[0], numbers[1]);
    boolean fromOutput = op.derivativeFromOutput();
    double alone =
        op.derivative(
            fromOutput ? Double.NaN : x, fromOutput ? y : Double.NaN, numbers[0], numbers[1]);
    assertEquals(op.derivative(x, y, numbers[0], numbers[1]), alone);
  }

  @Test
  void geluHoldsKnownValuesOfTheNormalDistribution() {
    // x · Φ(x) with Φ from tables of the error function, 15 digits.
    double[][] known = {
      {0, 0.5},
      {0.5, 0.691462461274013},
      {1, 0.841344746068543},
      {-1, 0.158655253931457},
      {2, 0.977249868051821},
      {-2.5, 0.00620966532577613},
      {-4, 3.16712418331199e-5},
      {-6, 9.86587645037698e-10}
    };
    for (double[] pair : known) {
      double expected = pair[0] * pair[1];
      assertEquals(expected, Unary.GELU.value(pair[0], 0, 0), 1e-13 * Math.abs(expected) + 1e-300);
    }
  }

  @Test
  void errorFunctionIsContinuousWhereItsTwoFormsMeet() {
    double border = 2.5 * Math.sqrt(2);
    for (double side : new double[] {-1, 1}) {
      double below = Unary.GELU.value(side * border * (1 - 1e-15), 0, 0);
      double above = Unary.GELU.value(side * border * (1 + 1e-15), 0, 0);
      assertEquals(below, above, 1e-12 * Math.abs(below));
    }
  }

  @Test
  void derivativesAtKinksAreAsDocumented() {
    assertEquals(0, Unary.RELU.derivative(0, 0, 0, 0));
    assertEquals(0, Unary.ABS.derivative(0, 0, 0, 0));
    assertEquals(0.3, Unary.LEAKY_RELU.derivative(0, 0, 0.3, 0));
    assertEquals(0.3, Unary.ELU.derivative(0, 0, 0.3, 0));
    assertEquals(0, Unary.HARD_TANH.derivative(6, 6, 0, 6));
    assertEquals(1, Unary.CLAMP.derivative(6, 6, 0, 6));
    assertEquals(0, Unary.HARD_SIGMOID.derivative(3, 1, 0, 0));
    assertEquals(1, Unary.HARD_SWISH.derivative(3, 3, 0, 0));
    assertEquals(0, Unary.HARD_SWISH.derivative(-3, 0, 0, 0));
  }

  @Test
  void saturatedFunctionsDoNotOverflow() {
    assertEquals(0, Unary.SIGMOID.value(-1000, 0, 0));
    assertEquals(1, Unary.SIGMOID.value(1000, 0, 0));
    assertEquals(-1000, Unary.LOG_SIGMOID.value(-1000, 0, 0));
    assertEquals(1000, Unary.SOFTPLUS.value(1000, 1, 20));
    assertEquals(-0.0, Unary.SILU.value(-1000, 0, 0));
    assertTrue(Double.isNaN(Unary.RELU.value(Double.NaN, 0, 0)));
  }
}
