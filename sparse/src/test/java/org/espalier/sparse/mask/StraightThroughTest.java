package org.espalier.sparse.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class StraightThroughTest {
  @Property
  void softplusHasTheDerivativeOfALogisticCurve(
      @ForAll @DoubleRange(min = -30, max = 30) double m) {
    double derivative = StraightThrough.SOFTPLUS.derivative(m);
    assertTrue(derivative > 0 && derivative < 1);
    assertTrue(StraightThrough.SOFTPLUS.derivative(m + 0.5) > derivative);
    assertEquals(1 - derivative, StraightThrough.SOFTPLUS.derivative(-m), 1e-7);
  }

  @Property
  void derivativesStayFinite(@ForAll @DoubleRange(min = -1e4, max = 1e4) double m) {
    for (StraightThrough proxy :
        new StraightThrough[] {
          StraightThrough.IDENTITY, StraightThrough.SOFTPLUS, StraightThrough.leakyRelu(0.1)
        }) {
      double derivative = proxy.derivative(m);
      assertTrue(derivative >= 0 && derivative <= 1, proxy + " " + derivative);
      assertTrue(proxy.isPositive());
    }
  }

  @Test
  void theLeakyFormFallsToItsSlopeAtZero() {
    StraightThrough leaky = StraightThrough.of("leaky_relu", 0.2, false);
    assertEquals(0.2, leaky.derivative(0));
    assertEquals(0.2, leaky.derivative(-3));
    assertEquals(1, leaky.derivative(1e-9));
  }

  @Test
  void reluNeedsPermissionAndSaysWhy() {
    Exception refused =
        assertThrows(IllegalArgumentException.class, () -> StraightThrough.of("relu", 0.1, false));
    assertTrue(refused.getMessage().contains("must be positive"), refused.getMessage());
    StraightThrough relu = StraightThrough.of("relu", 0.1, true);
    assertFalse(relu.isPositive());
    assertEquals(0, relu.derivative(0));
  }

  @Test
  void slopesAndNamesOutOfRangeAreRefused() {
    for (double slope : new double[] {0, -0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
      Exception refused =
          assertThrows(IllegalArgumentException.class, () -> StraightThrough.leakyRelu(slope));
      assertTrue(refused.getMessage().contains("positive"), refused.getMessage());
    }
    Exception unknown =
        assertThrows(IllegalArgumentException.class, () -> StraightThrough.of("tanh", 1, true));
    assertTrue(unknown.getMessage().contains("softplus"), unknown.getMessage());
  }
}
