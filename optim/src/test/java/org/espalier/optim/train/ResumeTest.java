package org.espalier.optim.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.Stateful;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Adadelta;
import org.espalier.optim.Adagrad;
import org.espalier.optim.Adam;
import org.espalier.optim.AdamW;
import org.espalier.optim.EpsPlacement;
import org.espalier.optim.KerasAdam;
import org.espalier.optim.KerasSgd;
import org.espalier.optim.Optimizer;
import org.espalier.optim.ReduceOnPlateau;
import org.espalier.optim.RmsProp;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.tensor.StateException;
import org.junit.jupiter.api.Test;

/** Checks that a run stopped anywhere and resumed ends with the same bits (sheet 00, 13.13). */
class ResumeTest {
  private static final int EPOCHS = 3;
  private static final int STEPS = 4;

  private static List<Supplier<Optimizer>> optimizers() {
    return List.of(
        () -> Sgd.builder().rate(0.05).weightDecay(0.01).build(),
        () -> Sgd.builder().rate(0.05).momentum(0.9).nesterov(true).build(),
        () -> KerasSgd.builder().momentum(0.9).decay(0.1).build(),
        () -> Adam.builder().rate(0.01).amsgrad(true).build(),
        () -> AdamW.builder().rate(0.01).build(),
        () -> KerasAdam.builder().rate(0.01).decay(0.1).build(),
        () -> Adadelta.builder().build(),
        () -> RmsProp.builder().centered(true).momentum(0.9).build(),
        () -> RmsProp.keras(EpsPlacement.INSIDE_ROOT).build(),
        () -> Adagrad.builder().rate(0.1).rateDecay(0.1).build(),
        () ->
            Optimizer.route(
                p -> p.name().startsWith("head"),
                Adam.builder().build(),
                Sgd.builder().momentum(0.9).build()));
  }

  private static List<Supplier<Schedule>> schedules() {
    return List.of(
        () -> Schedule.warmupCosine(1, EPOCHS, 0),
        () -> Schedule.wideResNet(true, 0.2, 2, 3),
        () -> Schedule.inverseTime(0.1),
        () -> ReduceOnPlateau.builder().patience(0).build());
  }

  @Provide
  Arbitrary<Supplier<Optimizer>> optimizer() {
    return Arbitraries.of(optimizers());
  }

  @Provide
  Arbitrary<Supplier<Schedule>> schedule() {
    return Arbitraries.of(schedules());
  }

  /** Shakes the weights by a count that only its state knows. */
  private static final class Shaker implements Callback, Stateful {
    private long count;

    @Override
    public String name() {
      return "shaker";
    }

    @Override
    public void stepDone(Step step) {
      count++;
    }

    @Override
    public void epochDone(Epoch epoch) {
      epoch.model().parameter("head.bias").update(raw -> raw.set(0, raw.get(0) + 0.01 * count));
    }

    @Override
    public String stateName() {
      return "shaker";
    }

    @Override
    public Map<String, Object> state() {
      return Map.of("count", count);
    }

    @Override
    public void restoreState(Map<String, Object> state) {
      count = ((Number) state.get("count")).longValue();
    }
  }

  private static Trainer.Builder builder(Module model, Optimizer optimizer, Schedule schedule) {
    return Trainer.builder(model, new CrossEntropy(0.1), optimizer, Toys.pictures(22, 6))
        .schedule(schedule)
        .epochs(EPOCHS)
        .seed(5)
        .callback(new Shaker());
  }

  /** Runs until a number of updates, as if killed behind it, and returns what was saved. */
  private static Snapshot killed(Supplier<Trainer.Builder> make, int updates, int every) {
    Toys.MemoryStore store = new Toys.MemoryStore();
    int[] done = {0};
    Trainer trainer =
        make.get()
            .store(store)
            .saveEverySteps(every)
            .progress(
                progress -> {
                  if (done[0]++ == updates) {
                    throw new IllegalStateException("killed");
                  }
                })
            .build();
    assertThrows(IllegalStateException.class, trainer::run);
    return store.has("last") ? store.load("last") : null;
  }

  @Property(tries = 60)
  void aRunKilledAfterAnyStepEndsAlike(
      @ForAll("optimizer") Supplier<Optimizer> optimizer,
      @ForAll("schedule") Supplier<Schedule> schedule,
      @ForAll @IntRange(min = 1, max = EPOCHS * STEPS - 1) int updates,
      @ForAll @IntRange(min = 1, max = 3) int every) {
    Module whole = Toys.convNet();
    History expected = builder(whole, optimizer.get(), schedule.get()).build().run();
    Snapshot saved =
        killed(() -> builder(Toys.convNet(), optimizer.get(), schedule.get()), updates, every);
    Module resumed = saved == null ? Toys.convNet() : saved.build();
    Trainer.Builder builder = builder(resumed, optimizer.get(), schedule.get());
    History actual = (saved == null ? builder : builder.resume(saved)).build().run();
    TrainerTest.assertSameState(whole, resumed);
    assertEquals(expected.metric("train_loss"), actual.metric("train_loss"));
    assertEquals(
        expected.epochs().stream().map(History.Entry::rate).toList(),
        actual.epochs().stream().map(History.Entry::rate).toList());
    assertEquals(expected.bestEpoch(), actual.bestEpoch());
  }

  @Property(tries = 12)
  void microBatchesResumeAlike(@ForAll @IntRange(min = 1, max = 5) int updates) {
    Supplier<Trainer.Builder> make =
        () -> builder(Toys.convNet(), Adam.builder().build(), Schedule.constant()).accumulate(3);
    Module whole = Toys.convNet();
    builder(whole, Adam.builder().build(), Schedule.constant()).accumulate(3).build().run();
    Snapshot saved = killed(make, updates, 1);
    Module resumed = saved.build();
    builder(resumed, Adam.builder().build(), Schedule.constant())
        .accumulate(3)
        .resume(saved)
        .build()
        .run();
    TrainerTest.assertSameState(whole, resumed);
  }

  @Test
  void aRequestedStopResumesAlike() {
    for (int stop = 1; stop < EPOCHS * STEPS; stop++) {
      Module whole = Toys.convNet();
      builder(whole, Adam.builder().build(), Schedule.constant()).build().run();
      Toys.MemoryStore store = new Toys.MemoryStore();
      Trainer[] trainer = new Trainer[1];
      int wanted = stop;
      int[] done = {0};
      trainer[0] =
          builder(Toys.convNet(), Adam.builder().build(), Schedule.constant())
              .store(store)
              .progress(
                  progress -> {
                    if (++done[0] == wanted) {
                      trainer[0].requestStop();
                    }
                  })
              .build();
      assertEquals(History.End.INTERRUPTED, trainer[0].run().end());
      assertEquals((long) stop, store.load("last").training().get("updates"));
      Module resumed = store.load("last").build();
      builder(resumed, Adam.builder().build(), Schedule.constant())
          .resume(store.load("last"))
          .build()
          .run();
      TrainerTest.assertSameState(whole, resumed);
    }
  }

  /** Cuts a filter of the convolution after the first epoch. */
  private record Cutter() implements Callback {
    @Override
    public String name() {
      return "cutter";
    }

    @Override
    public void epochDone(Epoch epoch) {
      if (epoch.index() == 0) {
        Indices keep = Indices.of(4, 0, 2, 3);
        for (String path :
            List.of(
                "conv.weight",
                "conv.bias",
                "norm.weight",
                "norm.bias",
                "norm.running_mean",
                "norm.running_var")) {
          epoch.model().parameter(path).cut(0, keep);
        }
        epoch.model().parameter("head.weight").cut(1, keep);
      }
    }
  }

  @Test
  void aModelCutInMidTrainingResumesAlike() {
    Supplier<Trainer.Builder> make =
        () ->
            builder(Toys.convNet(), Adam.builder().build(), Schedule.constant())
                .callback(new Cutter());
    Snapshot saved = killed(make, 6, 1);
    Module whole = Toys.convNet();
    builder(whole, Adam.builder().build(), Schedule.constant())
        .callback(new Cutter())
        .build()
        .run();
    Module resumed = saved.build();
    assertEquals(3, resumed.parameter("conv.weight").shape().size(0));
    builder(resumed, Adam.builder().build(), Schedule.constant())
        .callback(new Cutter())
        .resume(saved)
        .build()
        .run();
    TrainerTest.assertSameState(whole, resumed);
  }

  /** Returns a validation that reports given losses by the number of epochs run before. */
  private static Validation losses(int from, double... values) {
    int[] epoch = {from};
    return model -> Map.of("val_loss", values[epoch[0]++]);
  }

  @Test
  void earlyStoppingCountsOnAndFindsTheBestModel() {
    double[] values = {3, 1, 2, 2, 2, 0};
    Module whole = Toys.convNet();
    builder(whole, Adam.builder().build(), Schedule.constant())
        .epochs(6)
        .validation(losses(0, values))
        .stopEarly(3, 0)
        .build()
        .run();
    Toys.MemoryStore store = new Toys.MemoryStore();
    Trainer[] trainer = new Trainer[1];
    trainer[0] =
        builder(Toys.convNet(), Adam.builder().build(), Schedule.constant())
            .epochs(6)
            .validation(losses(0, values))
            .stopEarly(3, 0)
            .store(store)
            .progress(
                progress -> {
                  if (progress.epoch() == 3) {
                    trainer[0].requestStop();
                  }
                })
            .build();
    trainer[0].run();
    Module resumed = store.load("last").build();
    Supplier<Trainer.Builder> again =
        () ->
            builder(resumed, Adam.builder().build(), Schedule.constant())
                .epochs(6)
                .validation(losses(3, values))
                .stopEarly(3, 0)
                .resume(store.load("last"));
    History history = again.get().store(store).build().run();
    assertEquals(History.End.STOPPED_EARLY, history.end());
    assertEquals(5, history.epochs().size());
    assertEquals(1, history.bestEpoch());
    whole
        .state()
        .forEach(
            (path, parameter) ->
                assertTrue(parameter.raw().bitEquals(resumed.parameter(path).raw()), path));
    Trainer withoutStore = again.get().build();
    assertThrows(StateException.class, withoutStore::run);
  }

  @Test
  void frozenParametersStayFrozen() {
    Module model = Toys.convNet();
    model.parameter("conv.weight").setTrainable(false);
    Toys.MemoryStore store = new Toys.MemoryStore();
    builder(model, Adam.builder().build(), Schedule.constant()).store(store).build().run();
    Module resumed = store.load("last").build();
    builder(resumed, Adam.builder().build(), Schedule.constant())
        .resume(store.load("last"))
        .build()
        .run();
    assertTrue(!resumed.parameter("conv.weight").isTrainable());
    assertTrue(resumed.parameter("head.weight").isTrainable());
  }

  @Test
  void otherOptionsThanThoseOfTheRunAreRefused() {
    Toys.MemoryStore store = new Toys.MemoryStore();
    builder(Toys.convNet(), Adam.builder().build(), Schedule.constant()).store(store).build().run();
    Snapshot saved = store.load("last");
    Trainer.Builder seed =
        builder(saved.build(), Adam.builder().build(), Schedule.constant()).resume(saved).seed(6);
    refused(
        "resume: the seed of the snapshot is 5, now it is 6; resume with the options of the run",
        seed);
    refused(
        "resume: the optimizer of the snapshot is adam, now it is sgd; resume with the options of the run",
        builder(saved.build(), Sgd.builder().build(), Schedule.constant()).resume(saved));
    refused(
        "resume: the optimizer's rate of the snapshot is 0.001, now it is 7.0; resume with the options of the run",
        builder(saved.build(), Adam.builder().rate(7).build(), Schedule.constant()).resume(saved));
    refused(
        "resume: the number of steps an epoch of the snapshot is 4, now it is 2; resume with the options of the run",
        builder(saved.build(), Adam.builder().build(), Schedule.constant())
            .accumulate(2)
            .resume(saved));
    refused(
        "resume: the set of callbacks with state of the snapshot is [shaker], now it is []; resume with the options of the run",
        Trainer.builder(
                saved.build(), new CrossEntropy(), Adam.builder().build(), Toys.pictures(22, 6))
            .seed(5)
            .resume(saved));
  }

  private static void refused(String message, Trainer.Builder builder) {
    Trainer trainer = builder.build();
    assertEquals(message, assertThrows(IllegalArgumentException.class, trainer::run).getMessage());
  }
}
