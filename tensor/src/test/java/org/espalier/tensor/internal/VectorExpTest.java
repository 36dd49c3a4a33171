package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.espalier.tensor.kernel.Unary;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class VectorExpTest {
  private static final int COUNT = 40_003;

  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  private static void agree(Unary op, float from, float to, double largestRelativeError) {
    float[] x = new float[COUNT];
    float[] y = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      x[i] = from + (to - from) * i / (COUNT - 1);
    }
    Arrays.fill(y, Float.NaN);
    VectorExp.unary(op, x, y, 0, COUNT);
    int checked = 0;
    for (int i = 0; i < COUNT; i++) {
      double expected = op.value(x[i], 0, 0);
      if (Math.abs(expected) >= Float.MIN_NORMAL && Math.abs(expected) <= Float.MAX_VALUE) {
        double error = Math.abs(y[i] / expected - 1);
        assertTrue(error < largestRelativeError, op + ": " + error + " at " + x[i]);
        checked++;
      }
    }
    assertTrue(checked > COUNT * 9 / 10, "checked " + checked);
  }

  @Test
  void relativeErrorsAreOfFloatSize() {
    agree(Unary.EXP, -87, 88, 1.5e-7);
    agree(Unary.EXP, -0.5f, 0.5f, 1.5e-7);
    agree(Unary.SIGMOID, -80, 80, 3e-7);
    agree(Unary.SILU, -80, 80, 3e-7);
    agree(Unary.TANH, -15, 15, 4e-7);
    agree(Unary.TANH, -0.6f, 0.6f, 4e-7);
    agree(Unary.TANH, 1e-6f, 1e-3f, 2e-7);
  }

  @Test
  void smallResultsDecayGraduallyIntoZero() {
    float[] x = new float[64];
    Arrays.fill(x, -100);
    x[1] = -104;
    x[2] = -1e30f;
    float[] y = new float[64];
    VectorExp.unary(Unary.EXP, x, y, 0, 64);
    assertEquals((float) Math.exp(-100), y[0], Float.MIN_VALUE);
    assertTrue(y[0] > 0);
    assertEquals(0, y[1]);
    assertEquals(0, y[2]);
  }

  @Test
  void onlyTheElementsAskedForAreWritten() {
    float[] x = new float[100];
    float[] y = new float[100];
    Arrays.fill(y, -1);
    VectorExp.unary(Unary.SIGMOID, x, y, 7, 90);
    assertEquals(-1, y[6]);
    assertEquals(0.5f, y[7]);
    assertEquals(0.5f, y[89]);
    assertEquals(-1, y[90]);
  }

  @Test
  void functionsWithoutALoopAreNotServed() {
    assertTrue(VectorExp.serves(Unary.TANH, 1 << 12));
    assertFalse(VectorExp.serves(Unary.TANH, (1 << 12) - 1));
    assertFalse(VectorExp.serves(Unary.GELU, 1 << 12));
  }
}
