package org.espalier.optim.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks the time budget with a clock that only moves when told. */
class PlanTest {
  private static final long SECOND = 1_000_000_000L;

  private final AtomicLong now = new AtomicLong();

  /** Takes a second a step and two seconds for an evaluation; four steps an epoch. */
  private Trainer.Builder builder(Module model, double seconds) {
    return Trainer.builder(
            model, new CrossEntropy(), Sgd.builder().rate(0.1).build(), Toys.pictures(24, 6))
        .epochs(10)
        .minutes(seconds / 60)
        .schedule(Schedule.multiStep(0.1, 5))
        .clock(now::get)
        .progress(progress -> now.addAndGet(SECOND))
        .validation(
            evaluated -> {
              now.addAndGet(2 * SECOND);
              return Map.of("val_loss", 1.0);
            });
  }

  @Test
  void asManyEpochsArePlannedAsFitAndTheScheduleIsFittedToThem() {
    History history = builder(Toys.convNet(), 24.5).build().run();
    assertEquals(4, history.epochs().size());
    assertEquals(History.End.COMPLETED, history.end());
    List<Double> rates = history.epochs().stream().map(History.Entry::rate).toList();
    assertEquals(0.1, rates.get(1), 1e-12);
    assertEquals(0.01, rates.get(2), 1e-12);
    assertEquals(24, now.get() / SECOND);
  }

  @Test
  void aPlanGetsShorterWhereTheMachineGetsSlowerAndStillEndsAtTheLastRate() {
    Schedule falling = Schedule.linear(1, 0, 100);
    History history =
        builder(Toys.convNet(), 60)
            .schedule(falling, 100)
            // From the fourth epoch on a step takes three seconds instead of one.
            .progress(progress -> now.addAndGet((progress.epoch() < 3 ? 1 : 3) * SECOND))
            .build()
            .run();
    // Ten epochs of six seconds were planned; 42 seconds were left when they began to take
    // fourteen.
    assertEquals(6, history.epochs().size());
    assertEquals(60, now.get() / SECOND);
    assertEquals(falling.rate(0.1, 99, 0), history.last().rate(), 1e-12);
  }

  @Test
  void oneSlowEpochLateInARunShortensNothing() {
    History history =
        builder(Toys.convNet(), 60)
            .progress(progress -> now.addAndGet((progress.epoch() == 8 ? 2 : 1) * SECOND))
            .build()
            .run();
    assertEquals(10, history.epochs().size());
    assertEquals(64, now.get() / SECOND);
  }

  @ParameterizedTest
  @ValueSource(doubles = {5, 7, 13, 24.5, 121})
  void howeverShortTheBudgetTheRunEndsAtTheLastRateOfTheSchedule(double seconds) {
    Schedule falling = Schedule.linear(1, 0, 10);
    History history = builder(Toys.convNet(), seconds).schedule(falling).build().run();
    assertEquals(falling.rate(0.1, 9, 0), history.last().rate(), 1e-12);
  }

  @Test
  void aScheduleFinerThanEpochsFallsWithinThem() {
    List<Double> rates = new ArrayList<>();
    Trainer.builder(
            Toys.convNet(), new CrossEntropy(), Sgd.builder().rate(1).build(), Toys.pictures(24, 6))
        .epochs(2)
        .schedule(Schedule.linear(1, 0, 8), 8)
        .progress(progress -> rates.add(progress.rate()))
        .build()
        .run();
    assertEquals(List.of(1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125), rates);
  }

  @Property
  void asManyEpochsAsTheScheduleHasTakeItsRatesOneByOne(
      @ForAll @IntRange(min = 1, max = 40) int epochs,
      @ForAll @IntRange(min = 1, max = 40) int steps,
      @ForAll @IntRange(min = 1, max = 40) int other) {
    Plan same = new Plan(epochs, epochs, Double.POSITIVE_INFINITY);
    Plan fitted = new Plan(epochs, other, Double.POSITIVE_INFINITY);
    long before = 0;
    for (int epoch = 0; epoch < epochs; epoch++) {
      for (int step = 0; step < steps; step++) {
        assertEquals(epoch, same.position(epoch, step, steps));
        long position = fitted.position(epoch, step, steps);
        assertTrue(position >= before && position < other);
        before = position;
      }
    }
    assertEquals(other - 1, before);
    assertTrue(epochs * steps < other || fitted.position(0, 0, steps) == 0);
  }

  @Test
  void aDropThatFallsIntoAnEpochRestartsTheOptimizerOnce() {
    List<Integer> slots = new ArrayList<>();
    Module model = Toys.convNet();
    Callback witness =
        new Callback() {
          @Override
          public String name() {
            return "witness";
          }

          @Override
          public void backwardDone(Step step) {
            slots.add(model.parameter("conv.weight").slots().size());
          }
        };
    Trainer.builder(
            model,
            new CrossEntropy(),
            Sgd.builder().rate(0.1).momentum(0.9).build(),
            Toys.pictures(24, 6))
        .epochs(2)
        .schedule(Schedule.wideResNet(true, 0.2, 7), 8)
        .callback(witness)
        .build()
        .run();
    assertEquals(List.of(0, 1, 1, 1, 1, 1, 0, 1), slots);
  }

  @Test
  void aLongBudgetStretchesTheScheduleOutward() {
    History history = builder(Toys.convNet(), 121).build().run();
    assertEquals(20, history.epochs().size());
    assertEquals(0.1, history.epochs().get(9).rate(), 1e-12);
    assertEquals(0.01, history.epochs().get(10).rate(), 1e-12);
  }

  @Test
  void theLastEpochKnowsThatItIs() {
    List<String> seen = new ArrayList<>();
    Callback witness =
        new Callback() {
          @Override
          public String name() {
            return "witness";
          }

          @Override
          public void epochDone(Epoch epoch) {
            seen.add(epoch.epochs() + " " + epoch.isLast());
          }
        };
    builder(Toys.convNet(), 13).callback(witness).build().run();
    assertEquals(List.of("10 false", "2 true"), seen);
    seen.clear();
    builder(Toys.convNet(), 7).callback(witness).build().run();
    assertEquals(List.of("1 true"), seen);
  }

  @Test
  void anEpochLongerThanTheBudgetEndsWithIt() {
    List<Progress> seen = new ArrayList<>();
    History history =
        builder(Toys.convNet(), 2.5)
            .progress(
                progress -> {
                  now.addAndGet(SECOND);
                  seen.add(progress);
                })
            .build()
            .run();
    assertEquals(1, history.epochs().size());
    assertEquals(3, seen.size());
    assertEquals(1.0, history.last().metrics().get("val_loss"));
  }

  @Test
  void aResumedRunKeepsThePlan() {
    Toys.MemoryStore store = new Toys.MemoryStore();
    Module whole = Toys.convNet();
    builder(whole, 24.5).build().run();
    Trainer[] trainer = new Trainer[1];
    trainer[0] =
        builder(Toys.convNet(), 24.5)
            .store(store)
            .progress(
                progress -> {
                  now.addAndGet(SECOND);
                  if (progress.epoch() == 1) {
                    trainer[0].requestStop();
                  }
                })
            .build();
    trainer[0].run();
    Snapshot saved = store.load("last");
    Module resumed = saved.build();
    History history =
        builder(resumed, 24.5)
            .resume(saved)
            .progress(progress -> now.addAndGet(50 * SECOND))
            .build()
            .run();
    assertEquals(4, history.epochs().size());
    TrainerTest.assertSameState(whole, resumed);
  }

  @Test
  void progressSaysTheTimeLeft() {
    List<Progress> seen = new ArrayList<>();
    builder(Toys.convNet(), 24.5)
        .progress(
            progress -> {
              seen.add(progress);
              now.addAndGet(SECOND);
            })
        .build()
        .run();
    assertEquals(24.5 - 2, seen.get(2).secondsLeft(), 1e-9);
    Progress last = seen.get(seen.size() - 1);
    assertEquals(0, last.secondsLeft(), 1e-9);
    assertEquals(4, last.epochs());
    assertTrue(last.samplesPerSecond() > 0);
  }

  @Test
  void withoutABudgetThereIsNothingToPlan() {
    Plan plan = new Plan(7, 7, Double.POSITIVE_INFINITY);
    assertTrue(plan.isPlanned());
    assertEquals(7, plan.epochs());
    assertTrue(plan.stepDone(1, 10, 1e9));
    assertFalse(plan.left(5) >= 0);
  }
}
