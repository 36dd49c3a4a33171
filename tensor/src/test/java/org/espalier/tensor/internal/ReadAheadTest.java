package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Tests {@link ReadAhead}. */
class ReadAheadTest {
  @Test
  void readsOneFloatOfEachLineInsideTheStretch() {
    float[] array = new float[100];
    for (int i = 0; i < array.length; i++) {
      array[i] = i;
    }
    assertEquals(5 + 21 + 37, ReadAhead.lines(array, 5, 53));
    assertEquals(5 + 21 + 37 + 53, ReadAhead.lines(array, 5, 54));
    assertEquals(0, ReadAhead.lines(array, 100, 100));
  }

  @Test
  void paysOnlyWhereACacheDoesNotHoldAll() {
    assertFalse(ReadAhead.pays(64 * 16 * 16 * 64 * 2));
    assertTrue(ReadAhead.pays(32 * 32 * 32 * 96 * 2));
  }
}
