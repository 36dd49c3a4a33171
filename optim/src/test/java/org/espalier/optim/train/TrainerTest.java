package org.espalier.optim.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.loss.Loss;
import org.espalier.nn.loss.Penalty;
import org.espalier.optim.Adam;
import org.espalier.optim.Group;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class TrainerTest {
  private static Trainer.Builder builder(Module model, Toys.Samples data) {
    return Trainer.builder(model, new CrossEntropy(), Adam.builder().rate(0.05).build(), data);
  }

  @Test
  void exclusiveOrIsLearned() {
    History history =
        builder(Toys.perceptron(2, 8, 2), Toys.xor()).epochs(300).seed(2).build().run();
    assertEquals(History.End.COMPLETED, history.end());
    assertEquals(300, history.epochs().size());
    assertTrue(history.last().metrics().get("train_loss") < 0.01);
    assertEquals(1, history.last().metrics().get("train_accuracy"));
  }

  @Test
  void validationLeavesTheModelAloneAndIsLogged() {
    Module model = Toys.convNet();
    List<Map<String, Object>> log = new ArrayList<>();
    History history =
        builder(model, Toys.pictures(24, 8))
            .validation(Toys.pictures(9, 4))
            .epochs(2)
            .log(log::add)
            .build()
            .run();
    Module twin = Toys.convNet();
    builder(twin, Toys.pictures(24, 8)).epochs(2).build().run();
    assertSameState(twin, model);
    assertEquals(List.of("start", "epoch", "epoch", "end"), events(log));
    assertEquals(history.metric("val_loss").get(1), log.get(2).get("val_loss"));
    assertTrue(history.metric("val_accuracy").get(1) <= 1);
  }

  private static List<Object> events(List<Map<String, Object>> log) {
    return log.stream().map(entry -> entry.get("event")).toList();
  }

  static void assertSameState(Module expected, Module actual) {
    Map<String, Parameter> others = actual.state();
    expected
        .state()
        .forEach(
            (path, parameter) -> {
              assertTrue(parameter.raw().bitEquals(others.get(path).raw()), path);
              Map<String, Tensor> slots = new LinkedHashMap<>();
              parameter.slots().forEach((name, slot) -> slots.put(name, slot.tensor()));
              assertEquals(slots.keySet(), others.get(path).slots().keySet(), path);
              slots.forEach(
                  (name, tensor) ->
                      assertTrue(
                          tensor.bitEquals(others.get(path).slots().get(name).tensor()),
                          path + " " + name));
            });
  }

  /** Writes down when it was called. */
  private record Witness(String name, List<String> seen) implements Callback {
    @Override
    public void epochStart(Epoch epoch) {
      seen.add(name + " start " + epoch.index());
    }

    @Override
    public void backwardDone(Step step) {
      seen.add(name + " backward " + step.epoch() + "." + step.index());
    }

    @Override
    public void stepDone(Step step) {
      seen.add(name + " step " + step.epoch() + "." + step.index());
    }

    @Override
    public void epochDone(Epoch epoch) {
      seen.add(name + " done " + epoch.metrics().keySet());
    }

    @Override
    public void evaluated(Epoch epoch) {
      seen.add(name + " evaluated " + epoch.metrics().keySet() + epoch.isLast());
      epoch.note("seen", (long) seen.size());
    }
  }

  @Test
  void callbacksRunInOrder() {
    List<String> seen = new ArrayList<>();
    List<Map<String, Object>> log = new ArrayList<>();
    builder(Toys.perceptron(2, 3, 2), Toys.xor())
        .validation(evaluated -> Map.of("val_loss", 1.0))
        .callback(new Witness("a", seen))
        .callback(new Witness("b", seen))
        .log(log::add)
        .build()
        .run();
    assertEquals(
        List.of(
            "a start 0",
            "b start 0",
            "a backward 0.0",
            "b backward 0.0",
            "a step 0.0",
            "b step 0.0",
            "a done [train_loss, train_accuracy]",
            "b done [train_loss, train_accuracy]",
            "a evaluated [train_loss, train_accuracy, val_loss]true",
            "b evaluated [train_loss, train_accuracy, val_loss]true"),
        seen);
    assertEquals(10L, log.get(1).get("seen"));
  }

  /** Claims a parameter at the end of each epoch. */
  private record Cutter(String name, String path) implements Callback {
    @Override
    public void epochDone(Epoch epoch) {
      epoch.claim(epoch.model().parameter(path), name);
      epoch.claim(epoch.model().parameter(path), name);
    }
  }

  @Test
  void twoCallbacksMayNotCutTheSameParameterInOneEpoch() {
    Trainer.Builder builder =
        builder(Toys.perceptron(2, 3, 2), Toys.xor())
            .callback(new Cutter("sfp", "head.weight"))
            .callback(new Cutter("hrank", "head.weight"));
    String message = assertThrows(StateException.class, () -> builder.build().run()).getMessage();
    assertEquals(
        "epoch 0: 'sfp' and 'hrank' both cut head.weight; give them different parameters or epochs",
        message);
    builder(Toys.perceptron(2, 3, 2), Toys.xor())
        .callback(new Cutter("sfp", "head.weight"))
        .callback(new Cutter("hrank", "hidden.weight"))
        .epochs(2)
        .build()
        .run();
  }

  @Test
  void theScheduleReachesEveryGroup() {
    List<Double> rates = new ArrayList<>();
    Callback witness =
        new Callback() {
          @Override
          public String name() {
            return "witness";
          }

          @Override
          public void stepDone(Step step) {
            rates.add(step.rate().of(0.4));
          }
        };
    Trainer.builder(
            Toys.perceptron(2, 3, 2),
            new CrossEntropy(),
            Sgd.builder().rate(0.1).group(Group.of(p -> true).rate(0.4)).build(),
            Toys.xor())
        .epochs(2)
        .schedule(Schedule.multiStep(0.5, 1))
        .callback(witness)
        .build()
        .run();
    assertEquals(List.of(0.4, 0.2), rates);
  }

  @Test
  void momentumStartsAnewAtADropOfTheWideResNetSchedule() {
    Module model = Toys.perceptron(2, 3, 2);
    List<Integer> slots = new ArrayList<>();
    Callback witness =
        new Callback() {
          @Override
          public String name() {
            return "witness";
          }

          @Override
          public void backwardDone(Step step) {
            slots.add(model.parameter("head.weight").slots().size());
          }
        };
    Trainer.builder(model, new CrossEntropy(), Sgd.builder().momentum(0.9).build(), Toys.xor())
        .epochs(4)
        .schedule(Schedule.wideResNet(true, 0.2, 3))
        .callback(witness)
        .build()
        .run();
    assertEquals(List.of(0, 1, 0, 1), slots);
  }

  @Test
  void microBatchesGiveTheGradientOfTheWholeBatch() {
    Module whole = Toys.perceptron(50, 4, 3);
    Module parts = Toys.perceptron(50, 4, 3);
    Toys.Samples flat = flat(Toys.pictures(22, 22));
    Trainer.builder(whole, new CrossEntropy(), Sgd.builder().rate(0.1).build(), flat)
        .penalty(Penalty.l1(0.01, p -> p.name().endsWith("weight")))
        .build()
        .run();
    Trainer.builder(
            parts, new CrossEntropy(), Sgd.builder().rate(0.1).build(), flat(Toys.pictures(22, 5)))
        .penalty(Penalty.l1(0.01, p -> p.name().endsWith("weight")))
        .accumulate(5)
        .build()
        .run();
    double[] expected = whole.parameter("hidden.weight").raw().toDoubles();
    double[] actual = parts.parameter("hidden.weight").raw().toDoubles();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 1e-6);
    }
  }

  private static Toys.Samples flat(Toys.Samples pictures) {
    return new Toys.Samples(pictures.x(), pictures.y(), new int[] {50}, pictures.batchSize());
  }

  @Test
  void microBatchesThatDoNotDivideTheEpochLeaveAShortLastStep() {
    List<String> seen = new ArrayList<>();
    builder(Toys.perceptron(50, 4, 3), flat(Toys.pictures(22, 5)))
        .accumulate(2)
        .callback(new Witness("a", seen))
        .build()
        .run();
    assertEquals(3, seen.stream().filter(line -> line.startsWith("a step")).count());
  }

  @Test
  void everyStepOfEveryEpochDrawsItsOwnDropout() {
    History history =
        Trainer.builder(
                Toys.convNet(),
                new CrossEntropy(),
                Sgd.builder().rate(0).build(),
                Toys.pictures(1, 1))
            .epochs(5)
            .build()
            .run();
    assertEquals(5, Set.copyOf(history.metric("train_loss")).size());
  }

  @Test
  void penaltiesAreSubgradientsOfTheMagnitude() {
    Module model = Toys.perceptron(2, 3, 2).initialize(0);
    Parameter weight = model.parameter("head.weight");
    weight.update(raw -> raw.set(0, 0));
    double[] before = weight.raw().toDoubles();
    Loss nothing =
        (pass, output, target) ->
            org.espalier.autograd.op.Ops.affine(new CrossEntropy().of(pass, output, target), 0, 0);
    Trainer.builder(model, nothing, Sgd.builder().rate(0.1).build(), Toys.xor())
        .penalty(Penalty.l1(0.5, p -> p == weight))
        .build()
        .run();
    for (int i = 0; i < before.length; i++) {
      assertEquals(before[i] - 0.05 * Math.signum(before[i]), weight.raw().get(i), 1e-7);
    }
  }

  @Test
  void clippingBoundsTheStep() {
    Module model = Toys.perceptron(2, 3, 2).initialize(0);
    double[] before = model.parameter("head.weight").raw().toDoubles();
    Trainer.builder(model, new CrossEntropy(), Sgd.builder().rate(1).build(), Toys.xor())
        .clipValue(1e-3)
        .clipNorm(1e-4)
        .build()
        .run();
    double[] after = model.parameter("head.weight").raw().toDoubles();
    for (int i = 0; i < before.length; i++) {
      assertEquals(before[i], after[i], 1e-4);
    }
  }

  @Test
  void aStopRequestEndsTheRunAfterItsStep() {
    Toys.MemoryStore store = new Toys.MemoryStore();
    Trainer[] trainer = new Trainer[1];
    List<Progress> seen = new ArrayList<>();
    trainer[0] =
        builder(Toys.convNet(), Toys.pictures(24, 6))
            .epochs(3)
            .store(store)
            .progress(
                progress -> {
                  seen.add(progress);
                  if (progress.epoch() == 1 && progress.step() == 2) {
                    trainer[0].requestStop();
                  }
                })
            .build();
    assertEquals(History.End.INTERRUPTED, trainer[0].run().end());
    assertEquals(6, seen.size());
    assertEquals(2L, store.load("last").training().get("step"));
    assertFalse(seen.get(5).loss() <= 0);
    assertEquals(4, seen.get(5).steps());
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    Trainer.Builder builder = builder(Toys.perceptron(2, 3, 2), Toys.xor());
    assertThrows(IllegalArgumentException.class, () -> builder.epochs(0));
    assertThrows(IllegalArgumentException.class, () -> builder.minutes(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> builder.clipNorm(0));
    assertThrows(IllegalArgumentException.class, () -> builder.accumulate(0));
    assertThrows(IllegalArgumentException.class, () -> builder.stopEarly(0, 0));
    assertThrows(IllegalArgumentException.class, () -> builder.stopEarly(1, -1));
    assertThrows(IllegalArgumentException.class, () -> builder.saveEverySteps(0));
  }
}
