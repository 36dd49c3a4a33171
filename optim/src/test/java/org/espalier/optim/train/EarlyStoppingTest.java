package org.espalier.optim.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Adam;
import org.espalier.optim.Goal;
import org.espalier.optim.KerasReduceOnPlateau;
import org.espalier.optim.Schedule;
import org.espalier.tensor.StateException;
import org.junit.jupiter.api.Test;

/** Checks what follows the watched metric: the best model, early stopping, a plateau. */
class EarlyStoppingTest {
  private static Trainer.Builder builder(Module model, Toys.Samples data) {
    return Trainer.builder(model, new CrossEntropy(), Adam.builder().rate(0.05).build(), data);
  }

  /** Validation that reports given numbers, one an epoch. */
  private static Validation given(double... values) {
    int[] epoch = {0};
    return model -> Map.of("val_loss", values[epoch[0]++]);
  }

  private static void assertSameValues(Module expected, Module actual) {
    expected
        .state()
        .forEach(
            (path, parameter) ->
                assertTrue(parameter.raw().bitEquals(actual.parameter(path).raw()), path));
  }

  @Test
  void earlyStoppingRestoresTheBestModel() {
    Module model = Toys.convNet();
    History history =
        builder(model, Toys.pictures(12, 6))
            .epochs(9)
            .validation(given(5, 3, 4, 3.5, 2.95, 1))
            .stopEarly(3, 0.1)
            .build()
            .run();
    assertEquals(History.End.STOPPED_EARLY, history.end());
    assertEquals(5, history.epochs().size());
    assertEquals(1, history.bestEpoch());
    assertEquals(3, history.best());
    Module twin = Toys.convNet();
    builder(twin, Toys.pictures(12, 6)).epochs(2).build().run();
    assertSameValues(twin, model);
  }

  @Test
  void theBestModelIsWatchedByTheGoal() {
    Toys.MemoryStore store = new Toys.MemoryStore();
    double[] accuracies = {0.5, 0.9, 0.7};
    int[] epoch = {0};
    History history =
        builder(Toys.perceptron(2, 3, 2), Toys.xor())
            .epochs(3)
            .validation(model -> Map.of("val_accuracy", accuracies[epoch[0]++]))
            .watch("val_accuracy", Goal.MAXIMIZE)
            .store(store)
            .build()
            .run();
    assertEquals(1, history.bestEpoch());
    assertTrue(store.has("best") && store.has("last"));
    assertEquals(5, store.saves());
  }

  @Test
  void aMetricThatIsNotMeasuredCannotBeWatched() {
    Trainer trainer =
        builder(Toys.perceptron(2, 3, 2), Toys.xor()).watch("val_f2", Goal.MAXIMIZE).build();
    String message = assertThrows(IllegalArgumentException.class, trainer::run).getMessage();
    assertEquals(
        "trainer: no metric 'val_f2' to watch, there are [train_loss, train_accuracy]", message);
  }

  @Test
  void aPlateauFollowsTheWatchedMetric() {
    History history =
        builder(Toys.perceptron(2, 3, 2), Toys.xor())
            .epochs(4)
            .validation(given(1, 1, 1, 1))
            .schedule(KerasReduceOnPlateau.builder().patience(1).factor(0.5).build())
            .build()
            .run();
    List<Double> rates = history.epochs().stream().map(History.Entry::rate).toList();
    assertEquals(List.of(0.05, 0.05, 0.025, 0.0125), rates);
  }

  /** Asks for epochs to end the run, and notes which epochs it saw and on what model it ended. */
  private static final class Closer implements Callback {
    private final int epochs;
    private final List<Integer> seen = new ArrayList<>();
    private Module ended;

    Closer(int epochs) {
      this.epochs = epochs;
    }

    @Override
    public String name() {
      return "closer";
    }

    @Override
    public void epochStart(Epoch epoch) {
      seen.add(epoch.epochs());
    }

    @Override
    public int epochsToClose(Epoch epoch) {
      return epoch.index() < 4 ? epochs : 0;
    }

    @Override
    public void runDone(Module model) {
      ended = model;
    }
  }

  private static Trainer.Builder closing(Module model, Closer closer, double... values) {
    return builder(model, Toys.pictures(12, 6))
        .epochs(20)
        .schedule(Schedule.linear(1, 0, 20))
        .validation(given(values))
        .callback(closer)
        .stopEarly(2, 0);
  }

  @Test
  void aCallbackGetsTheEpochsThatItNeedsToEndTheRun() {
    Module model = Toys.convNet();
    Closer closer = new Closer(3);
    History history = closing(model, closer, 1, 2, 2, 9, 8, 8.5).build().run();
    assertEquals(List.of(20, 20, 20, 6, 6, 6), closer.seen);
    assertEquals(History.End.STOPPED_EARLY, history.end());
    assertEquals(4, history.bestEpoch());
    assertEquals(8, history.best());
    assertSame(model, closer.ended);
  }

  @Test
  void aRunStoppedWhileItClosesIsResumedToTheSameEnd() {
    Module whole = Toys.convNet();
    closing(whole, new Closer(3), 1, 2, 2, 9, 8, 8.5).build().run();
    Toys.MemoryStore store = new Toys.MemoryStore();
    Trainer[] trainer = new Trainer[1];
    Closer closer = new Closer(3);
    trainer[0] =
        closing(Toys.convNet(), closer, 1, 2, 2, 9, 8, 8.5)
            .store(store)
            .progress(
                progress -> {
                  if (progress.epoch() == 4) {
                    trainer[0].requestStop();
                  }
                })
            .build();
    assertEquals(History.End.INTERRUPTED, trainer[0].run().end());
    assertNull(closer.ended);
    Module resumed = store.load("last").build();
    History history =
        closing(resumed, new Closer(3), 8, 8.5)
            .store(store)
            .resume(store.load("last"))
            .build()
            .run();
    assertEquals(6, history.epochs().size());
    assertEquals(4, history.bestEpoch());
    assertEquals(History.End.STOPPED_EARLY, history.end());
    TrainerTest.assertSameState(whole, resumed);
  }

  @Test
  void patienceLongerThanTheRunChangesNothingButTheModelOfTheEnd() {
    Module model = Toys.convNet();
    History history =
        builder(model, Toys.pictures(12, 6))
            .epochs(3)
            .validation(given(1, 2, 3))
            .stopEarly(9, 0)
            .build()
            .run();
    assertEquals(History.End.COMPLETED, history.end());
    assertEquals(3, history.epochs().size());
    Module first = Toys.convNet();
    builder(first, Toys.pictures(12, 6)).epochs(1).build().run();
    assertSameValues(first, model);
  }

  @Test
  void aResumedRunStillKnowsTheBestModelOfBefore() {
    Toys.MemoryStore store = new Toys.MemoryStore();
    Trainer[] trainer = new Trainer[1];
    trainer[0] =
        builder(Toys.convNet(), Toys.pictures(12, 6))
            .epochs(9)
            .validation(given(1, 2, 2))
            .stopEarly(3, 0)
            .store(store)
            .progress(
                progress -> {
                  if (progress.epoch() == 2) {
                    trainer[0].requestStop();
                  }
                })
            .build();
    trainer[0].run();
    Module resumed = store.load("last").build();
    Trainer.Builder rest =
        builder(resumed, Toys.pictures(12, 6))
            .epochs(9)
            .validation(given(2, 2))
            .stopEarly(3, 0)
            .resume(store.load("last"));
    assertThrows(StateException.class, () -> rest.build().run(), "the best is nowhere");
    History history = rest.store(store).build().run();
    assertEquals(4, history.epochs().size());
    assertEquals(0, history.bestEpoch());
    Module first = Toys.convNet();
    builder(first, Toys.pictures(12, 6)).epochs(1).build().run();
    assertSameValues(first, resumed);
  }
}
