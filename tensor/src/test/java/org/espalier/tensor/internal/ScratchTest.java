package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Tests {@link Scratch}. */
class ScratchTest {
  /** A size that no kernel uses in these tests, so that the pool's slots for it are ours. */
  private static final long SIZE = 1 << 22;

  @Test
  void givenArraysAreTakenAgain() {
    float[] first = Scratch.take(SIZE);
    assertTrue(first.length >= SIZE);
    Scratch.give(first);
    assertSame(first, Scratch.take(SIZE - 5));
    Scratch.give(first);
  }

  @Test
  void twoHoldersNeverShareAnArray() {
    float[] first = Scratch.take(SIZE);
    float[] second = Scratch.take(SIZE);
    assertNotSame(first, second);
    Scratch.give(first);
    Scratch.give(second);
  }

  @Test
  void moreThanAnArrayHoldsIsRefusedWithAWayOut() {
    Throwable error =
        assertThrows(IllegalArgumentException.class, () -> Scratch.take((1L << 30) + 1));
    assertTrue(error.getMessage().contains("smaller batch"));
  }
}
