package org.espalier.sparse.prune.rls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.Mlp;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.optim.train.Validation;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

/** Runs the schedule, and the rule behind it, over losses that are given. */
class RecoveryPruningScheduleTest {
  private static final Shape FEATURES = Shape.of(10);

  private static final Batches DATA =
      new Batches() {
        @Override
        public int count() {
          return 2;
        }

        @Override
        public int samples() {
          return 20;
        }

        @Override
        public Iterator<Batch> epoch(int epoch, int firstStep) {
          return IntStream.range(firstStep, 2)
              .mapToObj(step -> RlsTraining.batch(step, FEATURES))
              .iterator();
        }
      };

  /** Keeps snapshots in memory. */
  private static final class Memory implements Snapshot.Store {
    private final Map<String, Snapshot> kept = new HashMap<>();

    @Override
    public void save(String name, Snapshot snapshot) {
      kept.put(name, snapshot);
    }

    @Override
    public Snapshot load(String name) {
      return kept.get(name);
    }

    @Override
    public boolean has(String name) {
      return kept.containsKey(name);
    }
  }

  private static Module model() {
    return Mlp.of(10, 8, 6, 5).initialize(1);
  }

  private static RecoveryPruningSchedule.Builder schedule() {
    return RecoveryPruningSchedule.builder(RlsPruner.builder(FEATURES).ratio(0.25).build())
        .firstPruneEpoch(2);
  }

  /** Trains with given losses; an epoch asks for the next. */
  private static Trainer.Builder trainer(
      Module model, RecoveryPruningSchedule schedule, List<Double> losses, int from) {
    Iterator<Double> left = losses.subList(from, losses.size()).iterator();
    Validation given = measured -> Map.of("val_loss", left.next());
    return Trainer.builder(model, new CrossEntropy(), RlsTraining.rls(), DATA)
        .epochs(losses.size())
        .validation(given)
        .callback(schedule);
  }

  @Test
  void itPrunesWhenTheLossIsBackAndReturnsTheNetworkThatRecovered() {
    Module model = model();
    RecoveryPruningSchedule schedule = schedule().build();
    trainer(model, schedule, List.of(3.0, 2.0, 2.5, 1.9, 2.1, 2.0, 2.2, 2.3), 0).build().run();
    assertEquals(List.of(2, 4), schedule.prunedAfter());
    assertEquals(8, model.parameter("fc1.weight").shape().size(-1), "10 -> 8, then to 6 and back");
    assertEquals(8, InputSelection.of(model).get(0).inputs().length);
    RlsTraining.infer(model, RlsTraining.batch(1, FEATURES).x());
  }

  @Test
  void itReturnsTheLastNetworkIfThatRecovered() {
    Module model = model();
    RecoveryPruningSchedule schedule = schedule().build();
    trainer(model, schedule, List.of(3.0, 2.0, 2.5, 1.9, 2.1, 2.0, 2.2, 1.9), 0).build().run();
    assertEquals(List.of(2, 4), schedule.prunedAfter());
    assertEquals(6, model.parameter("fc1.weight").shape().size(-1));
  }

  @Test
  void theLastEpochsAreLeftToRecoverInAndATolerancePrunesSooner() {
    List<Double> losses = List.of(3.0, 2.0, 1.9, 1.8, 1.7, 1.6);
    RecoveryPruningSchedule usual = schedule().build();
    trainer(model(), usual, losses, 0).build().run();
    assertEquals(List.of(2, 3), usual.prunedAfter());
    RecoveryPruningSchedule long5 = schedule().lastPruneEpoch(5).build();
    trainer(model(), long5, losses, 0).build().run();
    assertEquals(List.of(2, 3, 4, 5), long5.prunedAfter());
    RecoveryPruningSchedule lenient = schedule().tolerance(0.1).lastPruneEpoch(4).build();
    trainer(model(), lenient, List.of(3.0, 2.0, 2.1, 2.2, 2.0, 2.0), 0).build().run();
    assertEquals(List.of(2, 3, 4), lenient.prunedAfter());
  }

  @Test
  void aResumedRunEndsAsTheWholeOne() {
    List<Double> losses = List.of(3.0, 2.0, 2.5, 1.9, 2.1, 2.0, 2.2, 2.3);
    for (int stop = 1; stop < 8; stop++) {
      Module whole = model();
      trainer(whole, schedule().build(), losses, 0).build().run();
      Memory memory = new Memory();
      int last = stop;
      Trainer[] running = new Trainer[1];
      running[0] =
          trainer(model(), schedule().store(memory).build(), losses, 0)
              .store(memory)
              .progress(
                  state -> {
                    if (state.epoch() == last && state.step() == 1) {
                      running[0].requestStop();
                    }
                  })
              .build();
      assertEquals(History.End.INTERRUPTED, running[0].run().end());
      Snapshot saved = memory.load("last");
      Module resumed = saved.build();
      RecoveryPruningSchedule schedule = schedule().store(memory).build();
      trainer(resumed, schedule, losses, last).store(memory).resume(saved).build().run();
      assertEquals(List.of(2, 4), schedule.prunedAfter());
      whole
          .state()
          .forEach(
              (path, parameter) ->
                  assertTrue(parameter.raw().bitEquals(resumed.parameter(path).raw()), path));
    }
  }

  @Test
  void aRunThatMayNeedALostNetworkIsRefused() {
    Map<String, Object> state = new HashMap<>(schedule().build().state());
    schedule().build().restoreState(state);
    state.put("recovered", false);
    state.put("reference", 2.0);
    assertThrows(IllegalStateException.class, () -> schedule().build().restoreState(state));
    assertThrows(
        IllegalArgumentException.class, () -> schedule().build().restoreState(Map.of("due", 1L)));
  }

  @Test
  void anUnknownLossIsNamed() {
    RecoveryPruningSchedule schedule = schedule().recoveryLoss("val_other").build();
    Trainer trainer = trainer(model(), schedule, List.of(1.0, 1.0), 0).build();
    String text = assertThrows(IllegalArgumentException.class, trainer::run).getMessage();
    assertTrue(text.contains("val_other") && text.contains("val_loss"), text);
  }

  @Test
  void wrongOptionsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> schedule().firstPruneEpoch(0));
    assertThrows(IllegalArgumentException.class, () -> schedule().lastPruneEpoch(-1));
    assertThrows(IllegalArgumentException.class, () -> schedule().tolerance(-0.1).build());
  }

  @Property
  void referencesNeverRiseAndALossThatIsNotFiniteNeverRecovers(
      @ForAll @Size(min = 1, max = 20) List<@DoubleRange(min = 0, max = 3) Double> losses,
      @ForAll @IntRange(min = 1, max = 5) int first) {
    RecoveryRule rule = new RecoveryRule(0);
    List<Double> references = new ArrayList<>();
    for (int epoch = 1; epoch <= losses.size(); epoch++) {
      double before = rule.reference();
      boolean pruned = rule.observe(epoch >= first, losses.get(epoch - 1));
      assertEquals(pruned && epoch >= first, pruned);
      if (pruned) {
        assertTrue(Double.isNaN(before) || losses.get(epoch - 1) <= before);
        assertFalse(rule.isRecovered());
        references.add(rule.reference());
      }
    }
    for (int i = 1; i < references.size(); i++) {
      assertTrue(references.get(i) <= references.get(i - 1));
    }
    assertFalse(rule.observe(true, Double.NaN));
  }
}
