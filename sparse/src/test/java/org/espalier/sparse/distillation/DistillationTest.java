package org.espalier.sparse.distillation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.loss.DistillationLoss;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.mask.SparseConnectivity;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class DistillationTest {
  private static final Shape IMAGE = Shape.of(4, 4, 3);
  private static final TestData DATA = new TestData(8, 20, 4);

  private static Module convNet(int width, long seed) {
    return Sequential.builder()
        .add("conv", new Conv2d(3, width, ConvConfig.kernel(3).withPadding(1)))
        .add("norm", new BatchNorm(width))
        .add("relu", Activation.relu())
        .add("pool", new GlobalAveragePool())
        .add("fc", new Linear(width, 5))
        .build()
        .initialize(seed);
  }

  private static Module mlp(int width, long seed) {
    return Sequential.builder()
        .add("flat", new Flatten())
        .add("fc1", new Linear(48, width))
        .add("relu", Activation.relu())
        .add("fc2", new Linear(width, 5))
        .build()
        .initialize(seed);
  }

  private static Sgd sgd() {
    return Sgd.builder().rate(0.05).momentum(0.9).build();
  }

  private static Trainer.Builder trainer(Module student, Distillation task, Batches data) {
    return Trainer.builder(student, new CrossEntropy(), sgd(), data).task(task).seed(5);
  }

  private static Map<String, Tensor> values(Module model) {
    Map<String, Tensor> values = new HashMap<>();
    model.state().forEach((path, parameter) -> values.put(path, parameter.raw().copy()));
    return values;
  }

  @Test
  void lowersTheLossTowardsTheInferringTeacherAndLeavesTheTeacherAlone() {
    Module teacher = convNet(6, 1);
    Module student = convNet(2, 2);
    Map<String, Tensor> before = values(teacher);
    Distillation task = Distillation.from(teacher).loss(new DistillationLoss(3, 0.7)).build();
    Batch batch = DATA.batch(0);
    Tensor taught = TestNet.infer(teacher, batch.x());
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      task.begin(pass);
      Var output = student.apply(pass, pass.input(batch.x()));
      double expected =
          new DistillationLoss(3, 0.7).of(pass, output, taught, batch.y()).value().item();
      Var loss = task.loss(pass, output, batch);
      assertEquals(expected, loss.value().item(), 1e-5);
      Gradients gradients = Walk.gradient(loss);
      assertTrue(
          gradients.byLeaf().keySet().stream().noneMatch(teacher.parameters()::contains),
          "no gradient reaches the teacher");
    }
    trainer(student, task, DATA).epochs(2).build().run();
    before.forEach(
        (path, value) -> assertTrue(value.bitEquals(teacher.parameter(path).raw()), path));
  }

  @Test
  void aHintDrawsAnInnerValueToTheTeachersThroughALearnedMap() {
    Module teacher = convNet(6, 1);
    Module student = convNet(2, 2);
    Distillation task = Distillation.from(teacher).hint("relu", "relu", 2).hintsOnly().build();
    Batch batch = DATA.batch(0);
    double first = 0;
    for (int i = 0; i < 60; i++) {
      try (Pass pass = Pass.train(new Workspace(), Random.of(i))) {
        task.begin(pass);
        Var loss = task.loss(pass, student.apply(pass, pass.input(batch.x())), batch);
        Gradients gradients = Walk.gradient(loss);
        assertTrue(gradients.of(student.parameter("conv.weight")) != null);
        assertEquals(null, gradients.of(student.parameter("fc.weight")));
        sgd().step(Step.of(pass.tape(), gradients));
        first = i == 0 ? loss.value().item() : first;
        assertTrue(i < 59 || loss.value().item() < 0.5 * first, "the hint is followed");
      }
    }
    Map<String, Object> state = task.state();
    assertEquals(Shape.of(6, 2), ((Tensor) state.get("hint0.weight")).shape());
    assertTrue(state.containsKey("hint0.weight#sgd.momentum"), state.keySet().toString());
  }

  /** Keeps the last snapshot and asks the trainer to stop after a step. */
  private static final class Memory implements Snapshot.Store {
    private final Map<String, Snapshot> kept = new LinkedHashMap<>();

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

  private static Distillation hinted(Module teacher) {
    return Distillation.from(teacher).hint("norm", "norm", 1).build();
  }

  @Test
  void aResumedRunWithHintsEndsWithTheSameBits() {
    Module teacher = convNet(6, 1);
    Module whole = convNet(2, 2);
    trainer(whole, hinted(teacher), DATA).epochs(3).build().run();

    Memory store = new Memory();
    Module stopped = convNet(2, 2);
    Trainer[] running = new Trainer[1];
    running[0] =
        trainer(stopped, hinted(teacher), DATA)
            .epochs(3)
            .store(store)
            .progress(
                state -> {
                  if (state.epoch() == 1 && state.step() == 3) {
                    running[0].requestStop();
                  }
                })
            .build();
    running[0].run();
    Snapshot snapshot = store.load("last");
    Module resumed = snapshot.build();
    trainer(resumed, hinted(teacher), DATA).epochs(3).resume(snapshot).build().run();
    values(whole)
        .forEach((path, value) -> assertTrue(value.bitEquals(resumed.parameter(path).raw()), path));
  }

  @Test
  void combinesWithLearnedMasks() {
    Module teacher = mlp(32, 7);
    Trainer.builder(teacher, new CrossEntropy(), sgd(), DATA).epochs(20).build().run();
    Module student = mlp(24, 3);
    SparseConnectivity scl = SparseConnectivity.builder(IMAGE, 0.03).build();
    Trainer.builder(student, new CrossEntropy(), scl.optimizer(sgd()), DATA)
        .task(Distillation.from(teacher).build())
        .callback(scl)
        .epochs(30)
        .schedule(Schedule.cosine(30, 0))
        .seed(5)
        .build()
        .run();
    long zeros = 0;
    double[] weights = student.parameter("fc1.weight").value().toDoubles();
    for (double w : weights) {
      zeros += w == 0 ? 1 : 0;
    }
    assertTrue(zeros > weights.length / 3, zeros + " of " + weights.length);
    double accuracy = new Evaluator(new CrossEntropy()).evaluate(student, DATA).accuracy();
    assertTrue(accuracy > 0.9, "accuracy " + accuracy);
  }

  /** Tells a wrong class for two samples of five. */
  private record Mislabelled(TestData data) implements Batches {
    @Override
    public int samples() {
      return data.samples();
    }

    @Override
    public int count() {
      return data.count();
    }

    @Override
    public Iterator<Batch> epoch(int epoch, int firstStep) {
      Iterator<Batch> clean = data.epoch(epoch, firstStep);
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return clean.hasNext();
        }

        @Override
        public Batch next() {
          Batch batch = clean.next();
          int[] classes = batch.y().i32().clone();
          for (int i = 0; i < classes.length; i++) {
            classes[i] = i % 5 < 2 ? (classes[i] + 1 + i % 4) % 5 : classes[i];
          }
          return new Batch(batch.x(), Tensor.indices(classes));
        }
      };
    }
  }

  @Test
  void aTeacherThatKnowsBetterCorrectsWrongLabels() {
    Module teacher = mlp(32, 7);
    Trainer.builder(teacher, new CrossEntropy(), sgd(), DATA).epochs(15).build().run();
    Module alone = mlp(12, 3);
    Module taught = mlp(12, 3);
    Batches wrong = new Mislabelled(DATA);
    Trainer.builder(alone, new CrossEntropy(), sgd(), wrong).epochs(40).build().run();
    trainer(taught, Distillation.from(teacher).build(), wrong).epochs(40).build().run();
    Evaluator evaluator = new Evaluator(new CrossEntropy());
    double without = evaluator.evaluate(alone, DATA).accuracy();
    double with = evaluator.evaluate(taught, DATA).accuracy();
    assertTrue(with > without + 0.1, "with " + with + ", without " + without);
  }

  @Test
  void refusesWhatCannotTeach() {
    Module empty = Sequential.builder().add("fc", new Linear(3, 2)).build();
    assertThrows(StateException.class, () -> Distillation.from(empty));
    Module teacher = convNet(4, 1);
    Distillation.Builder builder = Distillation.from(teacher);
    assertThrows(IllegalArgumentException.class, () -> builder.hint("nowhere", "relu", 1));
    assertThrows(IllegalArgumentException.class, () -> builder.hint("relu", "relu", 0));
    assertThrows(IllegalArgumentException.class, () -> builder.hintsOnly().build());
    Distillation unequal = Distillation.from(teacher).hint("pool", "relu", 1).build();
    Module student = convNet(2, 1);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> trainer(student, unequal, DATA).epochs(1).build().run());
    assertTrue(e.getMessage().contains("'relu' of the student"), e.getMessage());
    Module other =
        Sequential.builder().add("flat", new Flatten()).add("fc", new Linear(48, 7)).build();
    other.initialize(1);
    assertThrows(
        IllegalArgumentException.class,
        () -> trainer(student, Distillation.from(other).build(), DATA).epochs(1).build().run());
    for (Parameter parameter : student.parameters()) {
      assertFalse(Double.isNaN(parameter.raw().get(0)));
    }
  }
}
