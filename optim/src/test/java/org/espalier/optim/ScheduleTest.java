package org.espalier.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  @Provide
  Arbitrary<Schedule> schedule() {
    Schedule warm = Schedule.linear(0.1, 1, 4);
    return Arbitraries.of(
        Schedule.constant(),
        Schedule.multiStep(0.1, 3, 3, 7),
        Schedule.wideResNet(true, 0.2, 6, 12, 16),
        Schedule.step(4, 0.5),
        Schedule.exponential(0.9),
        Schedule.cosine(12, 0.001),
        Schedule.cosineWarmRestarts(3, 2, 0.01),
        warm,
        Schedule.polynomial(10, 2),
        Schedule.sequential(List.of(warm, Schedule.cosine(8, 0)), 4),
        Schedule.warmupCosine(3, 12, 0));
  }

  @Property
  void ratesAreNeverNegativeAndNeverAboveTheBase(
      @ForAll("schedule") Schedule schedule, @ForAll @IntRange(max = 400) int tenths) {
    double rate = schedule.rate(0.4, tenths / 10.0, 0);
    assertTrue(rate >= 0 && rate <= 0.4 * (1 + 1e-12), () -> schedule + ": " + rate);
  }

  @Test
  void warmUpClimbsFromItsFirstEpoch() {
    Schedule schedule = Schedule.warmupCosine(4, 8, 0);
    assertEquals(0.25, schedule.rate(1, 0, 0));
    assertEquals(1, schedule.rate(1, 3, 0));
    assertEquals(0.5, schedule.rate(1, 6, 0), 1e-12);
  }

  @Test
  void inverseTimeFallsWithUpdatesAndNotWithEpochs() {
    Schedule schedule = Schedule.inverseTime(0.5);
    assertEquals(0.5, schedule.rate(1, 7, 2));
  }

  @Test
  void onlyADropOfTheWideResNetScheduleRestarts() {
    Schedule schedule = Schedule.wideResNet(true, 0.2, 7, 13);
    for (int epoch = 1; epoch < 20; epoch++) {
      assertEquals(epoch == 6 || epoch == 12, schedule.restarts(epoch - 1, epoch), "at " + epoch);
    }
    assertFalse(Schedule.wideResNet(false, 0.2, 60).restarts(58, 59));
    assertTrue(Schedule.wideResNet(true, 0.2, 60).restarts(58, 59));
  }

  @Test
  void restartsAreFoundInAPartOfASequence() {
    Schedule inner = Schedule.wideResNet(true, 0.2, 3);
    Schedule schedule = Schedule.sequential(List.of(Schedule.linear(0.1, 1, 5), inner), 5);
    assertTrue(schedule.restarts(6, 7));
    assertFalse(schedule.restarts(4, 5));
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Schedule.multiStep(Double.NaN, 3));
    assertThrows(IllegalArgumentException.class, () -> Schedule.step(0, 0.1));
    assertThrows(IllegalArgumentException.class, () -> Schedule.cosine(0, 0));
    assertThrows(IllegalArgumentException.class, () -> Schedule.cosine(3, -1));
    assertThrows(IllegalArgumentException.class, () -> Schedule.wideResNet(false, 0.2, 0));
    assertThrows(IllegalArgumentException.class, () -> Schedule.warmupCosine(5, 5, 0));
    List<Schedule> two = List.of(Schedule.constant(), Schedule.constant());
    assertThrows(IllegalArgumentException.class, () -> Schedule.sequential(two));
    assertThrows(IllegalArgumentException.class, () -> Schedule.sequential(two, 0));
  }
}
