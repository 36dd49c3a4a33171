package org.espalier.optim.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Adam;
import org.espalier.optim.Goal;
import org.espalier.optim.KerasReduceOnPlateau;
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
    twin.state()
        .forEach(
            (path, parameter) ->
                assertTrue(parameter.raw().bitEquals(model.parameter(path).raw()), path));
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
}
