package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PruneScheduleTest {
  @Property
  void asymptoticRisesThroughItsThreePoints(
      @ForAll @DoubleRange(min = 0, max = 0.5) double start,
      @ForAll @DoubleRange(min = 0, max = 0.45) double more,
      @ForAll @IntRange(min = 2, max = 400) int epochs,
      @ForAll @DoubleRange(min = 0.03, max = 0.7) double share) {
    double goal = start + more;
    AsymptoticRatio schedule = AsymptoticRatio.of(start, goal, epochs, share);
    assertEquals(start, schedule.ratio(0), 1e-9);
    assertEquals(goal, schedule.ratio(epochs - 1), 1e-9);
    double middle = schedule.a() * Math.exp(-schedule.k() * share * (epochs - 1)) + schedule.b();
    assertEquals(start + 0.75 * (goal - start), middle, 1e-9);
    for (int epoch = 1; epoch < epochs; epoch++) {
      assertTrue(schedule.ratio(epoch) >= schedule.ratio(epoch - 1));
    }
    assertEquals(goal, schedule.ratio(epochs + 7), 1e-9);
  }

  @Test
  void theSheetsNumbersComeOut() {
    AsymptoticRatio schedule = AsymptoticRatio.of(0, 0.4, 200, 0.125);
    assertEquals(0.0557286, schedule.k(), 1e-6);
    assertEquals(-0.4000061, schedule.a(), 1e-6);
    assertEquals(0.30069, schedule.ratio(25), 1e-5);
  }

  @Test
  void equalStartAndGoalAreConstant() {
    PruneSchedule schedule = PruneSchedule.asymptotic(0.3, 0.3, 10);
    for (int epoch = 0; epoch < 10; epoch++) {
      assertEquals(0.3, schedule.ratio(epoch), 1e-15);
    }
    assertEquals(0.2, PruneSchedule.constant(0.2).ratio(99));
  }

  @Test
  void impossibleSchedulesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> PruneSchedule.constant(1));
    assertThrows(IllegalArgumentException.class, () -> PruneSchedule.constant(-0.1));
    assertThrows(IllegalArgumentException.class, () -> PruneSchedule.constant(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> PruneSchedule.asymptotic(0, 0.4, 1));
    assertThrows(IllegalArgumentException.class, () -> PruneSchedule.asymptotic(0.5, 0.4, 9));
    assertThrows(IllegalArgumentException.class, () -> PruneSchedule.asymptotic(0, 0.4, 9, 0));
    assertThrows(IllegalArgumentException.class, () -> PruneSchedule.asymptotic(0, 0.4, 9, 0.75));
    assertThrows(IllegalArgumentException.class, () -> PruneSchedule.asymptotic(0, 1, 9));
  }
}
