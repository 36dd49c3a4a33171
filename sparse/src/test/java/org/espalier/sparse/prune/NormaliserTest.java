package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

class NormaliserTest {
  private static final double EPS = 1e-6;

  @Test
  void normalisersAreWhatTheyAreCalled() {
    double[] scores = {1, 3, 4};
    assertArrayEquals(new double[] {0.125, 0.375, 0.5}, Normaliser.SUM.apply(scores), EPS);
    assertArrayEquals(new double[] {0.375, 1.125, 1.5}, Normaliser.MEAN.apply(scores), EPS);
    assertArrayEquals(new double[] {0.25, 0.75, 1}, Normaliser.MAX.apply(scores), EPS);
    assertArrayEquals(new double[] {0, 2.0 / 3, 1}, Normaliser.MIN_MAX.apply(scores), EPS);
    double deviation = Math.sqrt(14.0 / 9);
    assertArrayEquals(
        new double[] {-5 / 3.0 / deviation, 1 / 3.0 / deviation, 4 / 3.0 / deviation},
        Normaliser.Z_SCORE.apply(scores),
        EPS);
    assertArrayEquals(scores, Normaliser.NONE.apply(scores));
    for (Normaliser normaliser : Normaliser.values()) {
      assertArrayEquals(new double[3], normaliser.apply(new double[3]), normaliser.toString());
    }
  }

  @Test
  void divisorsBelowZeroWhichWouldTurnTheOrderRoundAreRefused() {
    double[] signed = {-5, -1, 2};
    TestNets.assertRefused("use MIN_MAX", () -> Normaliser.SUM.apply(signed));
    TestNets.assertRefused("use MIN_MAX", () -> Normaliser.MEAN.apply(signed));
    TestNets.assertRefused("use MIN_MAX", () -> Normaliser.MAX.apply(new double[] {-5, -1}));
    assertArrayEquals(new double[] {0, 4.0 / 7, 1}, Normaliser.MIN_MAX.apply(signed), EPS);
  }
}
