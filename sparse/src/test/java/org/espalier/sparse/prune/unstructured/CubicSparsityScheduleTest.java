package org.espalier.sparse.prune.unstructured;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CubicSparsityScheduleTest {
  @Property(tries = 60)
  void theCubicScheduleRisesFromItsFirstToItsLastSparsity(
      @ForAll @DoubleRange(min = 0, max = 0.5) double first,
      @ForAll @DoubleRange(min = 0.5, max = 0.99) double last,
      @ForAll @IntRange(min = 1, max = 500) int length) {
    CubicSparsitySchedule schedule = new CubicSparsitySchedule(first, last, 10, 10 + length, 7, 3);
    assertEquals(first, schedule.sparsity(10), 1e-12);
    assertEquals(last, schedule.sparsity(10 + length), 1e-12);
    for (int step = 0; step < length + 20; step++) {
      assertTrue(schedule.sparsity(step + 1) >= schedule.sparsity(step) - 1e-12);
      assertEquals(
          step >= 10 && step <= 10 + length && (step - 10) % 7 == 0, schedule.updates(step));
    }
  }

  @Test
  void schedulesOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> CubicSparsitySchedule.to(0.9, 5, 5));
    assertThrows(IllegalArgumentException.class, () -> CubicSparsitySchedule.to(1, 0, 5));
    assertThrows(
        IllegalArgumentException.class, () -> CubicSparsitySchedule.to(0.5, 0, 5).every(0));
  }
}
